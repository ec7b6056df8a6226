//! A chain and a settler's data as they were, to go back to.

use crate::world::{World, copy_folder};

/// The chain and the data of settler 0.
pub struct Saved(tempfile::TempDir);

impl Saved {
    /// Copies them.
    pub fn take(world: &World) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::copy(&world.chain, folder.path().join("chain")).unwrap();
        copy_folder(&world.settlers[0].data, &folder.path().join("data"));
        Self(folder)
    }

    /// Puts them in the place of what is there.
    pub fn restore(&self, world: &World) {
        std::fs::copy(self.0.path().join("chain"), &world.chain).unwrap();
        std::fs::remove_dir_all(&world.settlers[0].data).unwrap();
        copy_folder(&self.0.path().join("data"), &world.settlers[0].data);
    }
}
