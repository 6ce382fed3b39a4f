//! What is wrong with the fields of a request, all of it at once.

use serde::Serialize;
use std::borrow::Cow;
use utoipa::ToSchema;

/// One thing that is wrong, as `details` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldProblem {
    /// The field, parameter or header.
    #[schema(max_length = 64, example = "password")]
    field: String,
    /// What is wrong with it.
    #[schema(value_type = String, min_length = 1, example = "must have at least 8 characters")]
    problem: Cow<'static, str>,
}

/// What was found wrong so far: at most [`FieldProblems::MAX`], the rest would help nobody.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct FieldProblems {
    list: Vec<FieldProblem>,
    hint: Option<&'static str>,
}

impl FieldProblems {
    /// Most problems named in one answer.
    pub const MAX: usize = 16;
    /// Most characters of a client's own field name that are shown.
    const SHOWN_CHARACTERS: usize = 64;

    /// That one field is wrong.
    pub fn of(field: &str, problem: impl Into<Cow<'static, str>>) -> Self {
        let mut problems = Self::default();
        problems.note(field, problem);
        problems
    }

    /// Notes that a field is wrong. The problem continues a sentence that starts with the field's name, and never
    /// quotes the value: it may be a password.
    pub fn note(&mut self, field: &str, problem: impl Into<Cow<'static, str>>) {
        if self.list.len() < Self::MAX {
            self.list.push(FieldProblem { field: shown(field), problem: problem.into() });
        }
    }

    /// Adds what the operation takes instead, once, after all problems.
    pub fn advise(&mut self, hint: &'static str) {
        self.hint = Some(hint);
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub fn details(&self) -> &[FieldProblem] {
        &self.list
    }

    /// All of it as one sentence.
    pub fn sentence(&self) -> String {
        let parts = self.list.iter().map(|FieldProblem { field, problem }| {
            Cow::Owned(if field.is_empty() { format!("\"\" {problem}") } else { format!("{field} {problem}") })
        });
        parts.chain(self.hint.map(Cow::Borrowed)).collect::<Vec<_>>().join("; ")
    }
}

fn shown(field: &str) -> String {
    field.chars().filter(|character| !character.is_control()).take(FieldProblems::SHOWN_CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_and_cleaned_and_the_list_ends() {
        let mut problems = FieldProblems::default();
        problems.note(&format!("a\r\n\u{85}\0{}", "b".repeat(100)), "is not accepted");
        assert_eq!(problems.sentence(), format!("a{} is not accepted", "b".repeat(63)));
        for _ in 0..100 {
            problems.note("", "is not accepted");
        }
        problems.advise("only x is");
        assert_eq!(problems.details().len(), FieldProblems::MAX);
        assert!(problems.sentence().ends_with("; \"\" is not accepted; only x is"));
    }
}
