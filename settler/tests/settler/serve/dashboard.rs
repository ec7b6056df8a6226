//! The page at `/`: whole, compressed, cached, and nothing but the page.

use crate::http::{Answer, Service};
use crate::world::World;

fn page(world: &World) -> String {
    let folder = world.folder.path().join("dist");
    std::fs::create_dir_all(folder.join("assets")).unwrap();
    for (name, content) in [
        ("index.html", "<!doctype html><title>page</title>"),
        ("index.html.gz", "gzipped page"),
        ("favicon.svg", "<svg/>"),
        ("assets/app-abcd1234.js", "script"),
        ("assets/app-abcd1234.js.br", "brotli script"),
        ("assets/protocol-DEADbeef.wasm", "\0asm"),
    ] {
        std::fs::write(folder.join(name), content).unwrap();
    }
    std::fs::write(world.folder.path().join("secret"), "not of the page").unwrap();
    folder.to_str().unwrap().to_owned()
}

#[test]
fn a_page_is_served_whole_compressed_and_from_the_cache() {
    let world = World::new(1, 1);
    let folder = page(&world);
    let service = Service::start(&world, &["--rate", "0", "--dashboard", &folder]);
    let start = service.get("/").expect(200);
    assert_eq!(start.body, b"<!doctype html><title>page</title>");
    assert_eq!(start.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(start.header("cache-control"), Some("no-cache"));
    assert_eq!(start.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(start.header("access-control-allow-origin"), None, "the page is for its own origin");
    let policy = start.header("content-security-policy").unwrap();
    for part in [
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "worker-src 'self'",
        "connect-src 'self' http: https:",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{part}: {policy}");
    }
    assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
    let tag = start.header("etag").unwrap();
    let again = service.get_with("/", &[("if-none-match", tag)]).expect(304);
    assert!(again.body.is_empty() && again.header("content-security-policy").is_some());
    assert_eq!(service.get("/index.html").expect(200).body, start.body);

    let compressed = service.get_with("/", &[("accept-encoding", "gzip, deflate, br")]).expect(200);
    assert_eq!((compressed.header("content-encoding"), &compressed.body[..]), (Some("gzip"), &b"gzipped page"[..]));
    assert_eq!(compressed.header("vary"), Some("accept-encoding"));
    assert_ne!(compressed.header("etag"), Some(tag));
    let script = service.get_with("/assets/app-abcd1234.js", &[("accept-encoding", "br")]).expect(200);
    assert_eq!((script.header("content-encoding"), &script.body[..]), (Some("br"), &b"brotli script"[..]));
    assert_eq!(script.header("cache-control"), Some("public, max-age=31536000, immutable"));
    let refused = service.get_with("/assets/app-abcd1234.js", &[("accept-encoding", "br;q=0")]).expect(200);
    assert_eq!((refused.header("content-encoding"), &refused.body[..]), (None, &b"script"[..]));
    let wasm = service.get("/assets/protocol-DEADbeef.wasm").expect(200);
    assert_eq!(wasm.header("content-type"), Some("application/wasm"));
    let head = service.send("HEAD", "/", &[], &[]).unwrap().expect(200);
    let length = start.body.len().to_string();
    assert_eq!((head.header("content-length"), head.header("etag")), (Some(length.as_str()), Some(tag)));
    service.send("POST", "/", &[], b"x").unwrap().expect(405);
    // The API is where it was.
    service.get("/api/v1/deployment").expect(200);
    service.get("/livez").expect(200);
}

#[test]
fn nothing_but_the_page_is_served() {
    let world = World::new(1, 1);
    let folder = page(&world);
    let service = Service::start(&world, &["--rate", "0", "--dashboard", &folder]);
    for path in [
        "/../secret",
        "/..%2fsecret",
        "/%2e%2e/secret",
        "/%252e%252e/secret",
        "/assets/../../secret",
        "/assets/..%5c..%5csecret",
        "//secret",
        "/etc/passwd",
        "/%2fetc%2fpasswd",
        "/index.html%00",
        "/index.html/",
        "/index.html.gz",
        "/INDEX.HTML",
        "/assets",
        "/assets/",
        "/.",
        "/..",
        "/api",
        "/api/v2",
        "/v1",
    ] {
        let answer: Answer = service.get(path);
        assert!([400, 404].contains(&answer.status), "{path}: {}", answer.status);
        assert!(!String::from_utf8_lossy(&answer.body).contains("not of the page"), "{path}");
    }
    std::fs::create_dir(world.folder.path().join("empty")).unwrap();
    for (folder, words) in [("empty", "no index.html"), ("nowhere", "cannot read")] {
        let folder = world.folder.path().join(folder);
        let refused = world.run(0, &["serve", "--dashboard", folder.to_str().unwrap()]).expect(2);
        assert!(refused.stderr.contains(words), "{refused:?}");
    }
}

/// Whether a dashboard was built in depends on the machine; either way `/` is a page.
#[test]
fn without_a_folder_the_start_is_the_page_that_was_built_in_or_says_how_to_build_it() {
    let world = World::new(1, 1);
    let service = Service::start(&world, &["--rate", "0"]);
    let start = service.get("/").expect(200);
    assert_eq!(start.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(start.header("content-security-policy").is_some());
    let built_in = !radio_payouts_settler::service::dashboard::Dashboard::embedded().is_empty();
    assert_eq!(String::from_utf8_lossy(&start.body).contains("cargo xtask build-app"), !built_in);
}
