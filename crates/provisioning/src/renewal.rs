//! Evidence that was made for an earlier request, made anew: for whoever signs in once and then asks again and again.

use crate::{
    AuthenticationError, InstallationOperator, Operator, OperatorAuthenticationError, Provisioning, RequestContext,
};
use std::sync::Arc;

impl Provisioning {
    /// The same caller as things stand now, and notes that its token was used. Account, settings and scope are those of
    /// this moment.
    ///
    /// # Errors
    /// [`AuthenticationError`] when the token was revoked or has expired, or the account or its parent is disabled.
    pub fn renewed(&self, operator: &Operator) -> Result<Operator, AuthenticationError> {
        let (index, now) = (&self.parts.operators, self.parts.clock.now());
        let found = index.find(operator.auth_id()).filter(|found| found.is_enabled).ok_or(AuthenticationError)?;
        let token = found.entry.tokens.iter().find(|known| known.id == operator.token() && known.is_valid(now));
        let token = Arc::clone(token.ok_or(AuthenticationError)?);
        index.uses.note(&token, now);
        Ok(operator.renewed(found.entry, token))
    }

    /// The same for a bearer of an operator token, who makes another request.
    ///
    /// # Errors
    /// [`OperatorAuthenticationError`] when the token was revoked or has expired.
    pub fn renewed_operator(
        &self,
        operator: &InstallationOperator,
        context: RequestContext,
    ) -> Result<InstallationOperator, OperatorAuthenticationError> {
        let (index, now) = (&self.parts.operators, self.parts.clock.now());
        operator.asker().check_still_admitted(now).map_err(|_| OperatorAuthenticationError)?;
        if let Some(token) = operator.asker().operator_token() {
            index.uses.note(token, now);
        }
        Ok(operator.with_context(context))
    }
}
