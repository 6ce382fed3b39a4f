//! What configurations of phones are written in.

/// A kind of phone or app by the form of its configuration.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PhoneFormat {
    /// Linphone's remote provisioning document (XML).
    Linphone,
    /// Zoiper's provisioning document (XML).
    Zoiper,
    /// An account document of Acrobits Softphone and Groundwire (XML).
    Acrobits,
    /// A section of MicroSIP's `microsip.ini`.
    Microsip,
    /// Yealink's `<mac>.cfg`.
    Yealink,
    /// Grandstream's `cfg<mac>.xml`.
    Grandstream,
    /// Polycom's `<mac>.cfg` (XML).
    Polycom,
    /// Snom's settings document (XML).
    Snom,
    /// Fanvil's `<mac>.cfg`.
    Fanvil,
}

impl PhoneFormat {
    /// Every format.
    pub const ALL: [Self; 9] = [
        Self::Linphone,
        Self::Zoiper,
        Self::Acrobits,
        Self::Microsip,
        Self::Yealink,
        Self::Grandstream,
        Self::Polycom,
        Self::Snom,
        Self::Fanvil,
    ];

    /// The name used by API, command line and storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Linphone => "linphone",
            Self::Zoiper => "zoiper",
            Self::Acrobits => "acrobits",
            Self::Microsip => "microsip",
            Self::Yealink => "yealink",
            Self::Grandstream => "grandstream",
            Self::Polycom => "polycom",
            Self::Snom => "snom",
            Self::Fanvil => "fanvil",
        }
    }

    /// What its maker calls it, for people to choose from.
    #[must_use]
    pub const fn product(self) -> &'static str {
        match self {
            Self::Linphone => "Linphone",
            Self::Zoiper => "Zoiper",
            Self::Acrobits => "Acrobits Softphone, Groundwire",
            Self::Microsip => "MicroSIP",
            Self::Yealink => "Yealink",
            Self::Grandstream => "Grandstream",
            Self::Polycom => "Polycom",
            Self::Snom => "Snom",
            Self::Fanvil => "Fanvil",
        }
    }

    /// The format of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == name)
    }

    /// Whether phones fetch it by their hardware address.
    #[must_use]
    pub const fn is_of_desk_phones(self) -> bool {
        match self {
            Self::Yealink | Self::Grandstream | Self::Polycom | Self::Snom | Self::Fanvil => true,
            Self::Linphone | Self::Zoiper | Self::Acrobits | Self::Microsip => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for format in PhoneFormat::ALL {
            assert_eq!(PhoneFormat::from_name(format.as_str()), Some(format));
        }
        assert_eq!(PhoneFormat::from_name("Yealink"), None);
    }
}
