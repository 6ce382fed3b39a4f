//! Configurations of phones and apps: settings in, text out, one file per format.
//!
//! What a tenant may have written (a label above all) reaches a configuration through `escape` only: as one value,
//! whatever is in it, and never as another setting.

mod acrobits;
mod address;
mod escape;
mod fanvil;
mod grandstream;
mod linphone;
mod microsip;
mod phone_file;
mod polycom;
mod settings;
mod snom;
mod yealink;
mod zoiper;

pub use address::{PREFIX, folder_of_desk_phones, path_of_link};
pub use phone_file::{Part, PhoneFile};
pub use settings::{PhoneServer, PhoneSettings, PhoneTransport};

use domain::PhoneFormat;
use zeroize::Zeroizing;

/// A configuration, which holds a password: wiped when dropped, and never shown by `Debug`.
pub struct Configuration {
    /// Its text.
    pub text: Zeroizing<String>,
    /// Its media type.
    pub media_type: &'static str,
    /// What a person may call the file, without a path.
    pub file_name: &'static str,
}

impl std::fmt::Debug for Configuration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Configuration").field("file_name", &self.file_name).finish_non_exhaustive()
    }
}

/// Room for any configuration, so that the password is not left behind where the text grew from.
const ROOM: usize = 8192;

const XML: &str = "application/xml; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// Writes the part of a phone's configuration that is asked for; apps have one part.
#[must_use]
pub fn configuration(format: PhoneFormat, settings: &PhoneSettings<'_>, part: Part) -> Configuration {
    let mut text = Zeroizing::new(String::with_capacity(ROOM));
    let out: &mut String = &mut text;
    // Writing to a String cannot fail.
    let _written = match format {
        PhoneFormat::Linphone => linphone::write(out, settings),
        PhoneFormat::Zoiper => zoiper::write(out, settings),
        PhoneFormat::Acrobits => acrobits::write(out, settings),
        PhoneFormat::Microsip => microsip::write(out, settings),
        PhoneFormat::Yealink => yealink::write(out, settings),
        PhoneFormat::Grandstream => grandstream::write(out, settings),
        PhoneFormat::Polycom => polycom::write(out, settings, part),
        PhoneFormat::Snom => snom::write(out, settings),
        PhoneFormat::Fanvil => fanvil::write(out, settings),
    };
    let (media_type, file_name) = match format {
        PhoneFormat::Linphone => (XML, "linphone.xml"),
        PhoneFormat::Zoiper => (XML, "zoiper.xml"),
        PhoneFormat::Acrobits => (XML, "account.xml"),
        PhoneFormat::Microsip => (TEXT, "microsip.ini"),
        PhoneFormat::Yealink => (TEXT, "yealink.cfg"),
        PhoneFormat::Grandstream => (XML, "grandstream.xml"),
        PhoneFormat::Polycom => (XML, "polycom.cfg"),
        PhoneFormat::Snom => (XML, "snom.xml"),
        PhoneFormat::Fanvil => (TEXT, "fanvil.cfg"),
    };
    Configuration { text, media_type, file_name }
}
