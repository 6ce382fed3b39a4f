//! Configurations of what stands at the other side of a trunk: a trunk's facts in, text out, one template per product.
//!
//! What a tenant may have written (a trunk's name above all) reaches a template through `template` only: as one value,
//! whatever is in it, and never as another setting.

mod facts;
mod product;
mod template;

pub use facts::{Facts, Listener, Place, Signalling, Srtp, Transport};
pub use product::Product;

use template::render;

/// Why there is no configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecipeError {
    /// Nothing that the trunk takes is listened on.
    #[error("the server does not listen on {wanted}, which the trunk needs; see --sip-listen")]
    NotServed {
        /// What would do.
        wanted: &'static str,
    },
    /// The product authenticates, and nothing is attached with which it could.
    #[error("the trunk has no credential for the other side; attach one with `sipwarden trunk attach`")]
    NoCredential,
    /// A value would begin a line of its own in a format that cannot write it otherwise.
    #[error("{value:?} cannot stand in a configuration file; rename what it names")]
    Unwritable {
        /// The value.
        value: String,
    },
    /// A template names what nothing fills in.
    #[error("the template asks for {name:?}, which nothing fills in; report it as a mistake of ours")]
    Template {
        /// The name.
        name: String,
    },
}

/// The product's configuration, filled in but for passwords.
///
/// # Errors
/// [`RecipeError`].
pub fn recipe(product: Product, facts: &Facts) -> Result<String, RecipeError> {
    if product.needs_credential() && facts.username.is_none() {
        return Err(RecipeError::NoCredential);
    }
    let (template, format) = product.template();
    render(template, format, &facts.fill())
}
