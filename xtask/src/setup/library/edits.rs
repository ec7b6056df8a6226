//! The edits that make the standard library fit the Solana VM, and no others.

use crate::digest::Digest;

/// One replacement in one file.
pub struct Edit {
    /// The file, below `library/`.
    pub file: &'static str,
    /// The text as the unchanged library has it.
    pub find: &'static str,
    /// How often the unchanged library has it.
    pub times: usize,
    /// The text to put there.
    pub replace: &'static str,
}

const fn edit(file: &'static str, find: &'static str, times: usize, replace: &'static str) -> Edit {
    Edit { file, find, times, replace }
}

/// Files that the unchanged library has not.
pub const NEW_FILES: &[(&str, &str)] = &[("std/src/sys/alloc/solana.rs", include_str!("solana_alloc.rs.txt"))];

const ALLOC: &str = "std/src/sys/alloc/mod.rs";
const RANDOM: &str = "std/src/sys/random/mod.rs";
const THREAD_LOCAL: &str = "std/src/sys/thread_local/mod.rs";
const IO_ERROR: &str = "std/src/sys/io/error/mod.rs";
const HASH_RANDOM: &str = "std/src/hash/random.rs";
const MUL: &str = "compiler-builtins/compiler-builtins/src/int/mul.rs";
const UDIV: &str = "compiler-builtins/compiler-builtins/src/int/udiv.rs";
const SDIV: &str = "compiler-builtins/compiler-builtins/src/int/sdiv.rs";
const SHIFT: &str = "compiler-builtins/compiler-builtins/src/int/shift.rs";

/// All edits, in the order in which they are made.
pub const EDITS: &[Edit] = &[
    // Allocation: alignment 8, and no system allocator.
    edit(
        ALLOC,
        "    target_arch = \"xtensa\",\n)) {\n    8\n",
        1,
        "    target_arch = \"xtensa\",\n    target_arch = \"bpf\",\n)) {\n    8\n",
    ),
    edit(
        ALLOC,
        "    target_os = \"zkvm\" => {\n        mod zkvm;\n    }\n",
        1,
        "    target_os = \"zkvm\" => {\n        mod zkvm;\n    }\n    target_os = \"solana\" => {\n        mod solana;\n    }\n",
    ),
    // Randomness: none.
    edit(
        RANDOM,
        "        target_os = \"vexos\",\n    ) => {\n",
        1,
        "        target_os = \"vexos\",\n        target_os = \"solana\",\n    ) => {\n",
    ),
    edit(
        RANDOM,
        "    target_os = \"vexos\",\n)))]\n",
        1,
        "    target_os = \"vexos\",\n    target_os = \"solana\",\n)))]\n",
    ),
    // Threads: none, and nothing to do when one ends.
    edit(
        THREAD_LOCAL,
        "        target_os = \"vexos\",\n    ) => {\n        mod no_threads;\n",
        1,
        "        target_os = \"vexos\",\n        target_os = \"solana\",\n    ) => {\n        mod no_threads;\n",
    ),
    edit(
        THREAD_LOCAL,
        "            target_os = \"vexos\",\n        ) => {\n            pub(crate) fn enable() {\n",
        1,
        "            target_os = \"vexos\",\n            target_os = \"solana\",\n        ) => {\n            pub(crate) fn enable() {\n",
    ),
    // Errors of the operating system: there is none.
    edit(
        IO_ERROR,
        "        target_os = \"vexos\",\n        target_family = \"wasm\",\n",
        1,
        "        target_os = \"vexos\",\n        target_os = \"solana\",\n        target_family = \"wasm\",\n",
    ),
    // Hash maps: fixed keys. The keys of the thread would be a writable static, which the VM has not.
    edit(
        HASH_RANDOM,
        "        thread_local!(static KEYS",
        1,
        "        #[cfg(target_os = \"solana\")]\n        return RandomState { k0: 0, k1: 0 };\n\n        \
         #[cfg(not(target_os = \"solana\"))]\n        thread_local!(static KEYS",
    ),
    edit(
        HASH_RANDOM,
        "        KEYS.with(|keys| {\n",
        1,
        "        #[cfg(not(target_os = \"solana\"))]\n        KEYS.with(|keys| {\n",
    ),
    // 128-bit results: LLVM expects them in two registers, rustc's "C" would pass a hidden pointer.
    edit(MUL, "extern \"C\" fn __multi3", 1, "extern \"unadjusted\" fn __multi3"),
    edit(MUL, "extern \"C\" fn __muloti4", 1, "extern \"unadjusted\" fn __muloti4"),
    edit(UDIV, "extern \"C\" fn __udivti3", 1, "extern \"unadjusted\" fn __udivti3"),
    edit(UDIV, "extern \"C\" fn __umodti3", 1, "extern \"unadjusted\" fn __umodti3"),
    edit(UDIV, "extern \"C\" fn __udivmodti4", 1, "extern \"unadjusted\" fn __udivmodti4"),
    edit(SHIFT, "extern \"C\" fn __ashlti3", 1, "extern \"unadjusted\" fn __ashlti3"),
    edit(SHIFT, "extern \"C\" fn __ashrti3", 1, "extern \"unadjusted\" fn __ashrti3"),
    edit(SHIFT, "extern \"C\" fn __lshrti3", 1, "extern \"unadjusted\" fn __lshrti3"),
    // The signed divisions come from three macros, which learn to take the ABI.
    edit(
        SDIV,
        "        $($attr:tt),* // attributes\n",
        3,
        "        $abi:tt, // calling convention\n        $($attr:tt),* // attributes\n",
    ),
    edit(SDIV, "pub extern \"C\" fn $signed_fn", 3, "pub extern $abi fn $signed_fn"),
    edit(SDIV, "    u32,\n    i32,\n    maybe_use", 1, "    u32,\n    i32,\n    \"C\",\n    maybe_use"),
    edit(SDIV, "    u64,\n    i64,\n    maybe_use", 1, "    u64,\n    i64,\n    \"C\",\n    maybe_use"),
    edit(SDIV, "    u128,\n    i128,\n    maybe_use", 1, "    u128,\n    i128,\n    \"unadjusted\",\n    maybe_use"),
    edit(SDIV, "smod!(__umodsi3, __modsi3, u32, i32, maybe", 1, "smod!(__umodsi3, __modsi3, u32, i32, \"C\", maybe"),
    edit(SDIV, "sdiv!(__udivdi3, __divdi3, u64, i64, maybe", 1, "sdiv!(__udivdi3, __divdi3, u64, i64, \"C\", maybe"),
    edit(SDIV, "smod!(__umoddi3, __moddi3, u64, i64, maybe", 1, "smod!(__umoddi3, __moddi3, u64, i64, \"C\", maybe"),
    edit(
        SDIV,
        "sdiv!(__udivti3, __divti3, u128, i128,);",
        1,
        "sdiv!(__udivti3, __divti3, u128, i128, \"unadjusted\",);",
    ),
    edit(
        SDIV,
        "smod!(__umodti3, __modti3, u128, i128,);",
        1,
        "smod!(__umodti3, __modti3, u128, i128, \"unadjusted\",);",
    ),
];

/// Changes whenever an edit does.
pub fn digest() -> String {
    let mut digest = Digest::default();
    for edit in EDITS {
        digest.add(edit.file, edit.find.as_bytes()).add("becomes", edit.replace.as_bytes());
    }
    for (file, content) in NEW_FILES {
        digest.add(file, content.as_bytes());
    }
    digest.finish()
}
