//! One line of what was found.

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grade {
    Ok,
    Warning,
    Failed,
}

impl Grade {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
        }
    }
}

/// What was looked at, what was found, and what mends it.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) grade: Grade,
    pub(super) subject: &'static str,
    pub(super) text: String,
}

impl Finding {
    pub(super) const fn ok(subject: &'static str, text: String) -> Self {
        Self { grade: Grade::Ok, subject, text }
    }

    /// The text ends with what to do.
    pub(super) const fn warning(subject: &'static str, text: String) -> Self {
        Self { grade: Grade::Warning, subject, text }
    }

    /// The text ends with what to do.
    pub(super) const fn failed(subject: &'static str, text: String) -> Self {
        Self { grade: Grade::Failed, subject, text }
    }
}
