//! The command line of devices.

use crate::cli::ServerAccess;
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum DeviceCommand {
    /// Create a device of a credential; its password is drawn and shown this once
    Create {
        /// The credential's id or username
        credential: String,
        /// What you call the device, such as "Ann's mobile"
        label: String,
        /// The hardware address of a desk phone, which fetches its configuration by itself
        #[arg(long, requires = "format")]
        mac: Option<String>,
        /// What the desk phone's configuration is written in
        #[arg(long, requires = "mac", value_parser = ["yealink", "grandstream", "polycom", "snom", "fanvil"])]
        format: Option<String>,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Create desk phones from a CSV file with lines of username,mac,format,label; every bad line is named
    ImportMacs {
        /// The file; `-` for standard input
        file: PathBuf,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// List a credential's devices, and when each was last used
    List {
        /// The credential's id or username
        credential: String,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Call a device otherwise
    Rename {
        /// The credential's id or username
        credential: String,
        /// The device's id, or its label if no other has the same
        device: String,
        /// What you call it from now on
        label: String,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Give a device a new password in place of its own, which is shown this once; a desk phone fetches it at its next boot
    Rotate {
        /// The credential's id or username
        credential: String,
        /// The device's id, or its label if no other has the same
        device: String,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Revoke a device: its password works no more, and what its phone registered ends
    Revoke {
        /// The credential's id or username
        credential: String,
        /// The device's id, or its label if no other has the same
        device: String,
        #[command(flatten)]
        access: ServerAccess,
    },
}
