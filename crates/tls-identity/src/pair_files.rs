//! Where a certificate chain and its key are, and how their files look from outside.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The two files of one identity. Either may be a symbolic link; what it leads to is followed anew at each look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairFiles {
    /// The certificate chain in PEM form, the server's own certificate first.
    pub certificate: PathBuf,
    /// Its private key in PEM form: PKCS#8, PKCS#1 or SEC1.
    pub key: PathBuf,
}

/// How both files looked at one moment; equal looks mean that nothing was written or switched in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look([Option<FileLook>; 2]);

/// What changes when a file is written, renamed into place or reached by another link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileLook {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    /// Changes of owner and mode too: a file that could not be read may be readable now.
    changed: (i64, i64),
}

impl PairFiles {
    pub(crate) fn look(&self) -> Look {
        Look([&self.certificate, &self.key].map(|path| FileLook::of(path)))
    }
}

impl FileLook {
    /// `None` while the file cannot be found.
    fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        Some(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }
}
