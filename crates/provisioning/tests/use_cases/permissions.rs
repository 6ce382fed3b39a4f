//! Who may do what: scope of token x use case, and who asks for whom.

use crate::house::{House, auth_id_of, context, id_of, operator};
use domain::TokenScope::{self, All, CredentialsOnly, ReadOnly};
use domain::{AuthId, CredentialId, TokenId};
use provisioning::{AccountScope, AccountUpdate, CredentialUpdate, PermissionError, ProvisioningError};
use storage::{Page, SubAccountFilter};

#[derive(Clone, Copy, Debug, PartialEq)]
enum UseCase {
    ListCredentials,
    ShowCredential,
    CreateCredential,
    UpdateCredential,
    DeleteCredential,
    ListTokens,
    ShowToken,
    CreateToken,
    RevokeToken,
    ListHosts,
    ListSubAccounts,
    ShowSubAccount,
    CreateSubAccount,
    UpdateSubAccount,
    DeleteSubAccount,
}
use UseCase::*;

/// Which scopes include it.
const MATRIX: &[(UseCase, &[TokenScope])] = &[
    (ListCredentials, &[All, ReadOnly, CredentialsOnly]),
    (ShowCredential, &[All, ReadOnly, CredentialsOnly]),
    (CreateCredential, &[All, CredentialsOnly]),
    (UpdateCredential, &[All, CredentialsOnly]),
    (DeleteCredential, &[All, CredentialsOnly]),
    (ListTokens, &[All, ReadOnly]),
    (ShowToken, &[All, ReadOnly]),
    (CreateToken, &[All]),
    (RevokeToken, &[All]),
    (ListHosts, &[All, ReadOnly]),
    (ListSubAccounts, &[All, ReadOnly]),
    (ShowSubAccount, &[All, ReadOnly]),
    (CreateSubAccount, &[All]),
    (UpdateSubAccount, &[All]),
    (DeleteSubAccount, &[All]),
];

const PAGE: Page = Page { limit: 20, offset: 0 };

/// Tries a use case; `Err` is a refusal for want of permission. That an object is not there is an answer like another.
async fn attempt(house: &House, scope: AccountScope, use_case: UseCase) -> Result<(), PermissionError> {
    let provisioning = &house.provisioning;
    let (credential, token) = (CredentialId::parse(NOBODY).unwrap(), TokenId::parse(NOBODY).unwrap());
    let nobody = AuthId::parse("SA_NOBODY00").unwrap();
    let outcome = match use_case {
        ListCredentials => provisioning.credentials(&scope, PAGE).await.map(|_| ()),
        ShowCredential => provisioning.credential(&scope, credential).await.map(|_| ()),
        CreateCredential => house.create(&scope.credentials_write()?, "alice").await.map(|_| ()),
        UpdateCredential => {
            let update = (credential, CredentialUpdate::default());
            provisioning.update_credential(&scope.credentials_write()?, context(), update).await.map(|_| ())
        }
        DeleteCredential => provisioning.delete_credential(&scope.credentials_write()?, context(), credential).await,
        ListTokens => provisioning.api_tokens(&scope.account_read()?).await.map(|_| ()),
        ShowToken => provisioning.api_token(&scope.account_read()?, token).await.map(|_| ()),
        CreateToken => house.token(&scope.account_write()?, All, None).await.map(|_| ()),
        RevokeToken => provisioning.revoke_api_token(&scope.account_write()?, context(), token).await,
        ListHosts => provisioning.hosts(&scope.account_read()?).await.map(|_| ()),
        ListSubAccounts => {
            provisioning.sub_accounts(&scope.account_read()?, SubAccountFilter::All, PAGE).await.map(|_| ())
        }
        ShowSubAccount => provisioning.sub_account(&scope.account_read()?, nobody).await.map(|_| ()),
        CreateSubAccount => house.sub_account(&scope.account_write()?).await.map(|_| ()),
        UpdateSubAccount => {
            let update = (nobody, AccountUpdate::default());
            provisioning.update_sub_account(&scope.account_write()?, context(), update).await.map(|_| ())
        }
        DeleteSubAccount => provisioning.delete_sub_account(&scope.account_write()?, context(), nobody).await,
    };
    let not_there = |error: &ProvisioningError| {
        use ProvisioningError::{AccountNotFound, CredentialNotFound, TokenNotFound};
        matches!(error, AccountNotFound | CredentialNotFound | TokenNotFound)
    };
    assert!(outcome.as_ref().err().is_none_or(not_there), "{use_case:?}: {outcome:?}");
    Ok(())
}

const NOBODY: &str = "aabbccdd-1234-5678-90ab-cdef12345678";

#[tokio::test]
async fn a_token_may_do_what_its_scope_includes_and_nothing_else() {
    for scope in TokenScope::ALL {
        let house = House::new().await;
        let account = house.account(None, None).await.unwrap();
        let token = house.token(&house.write(&account), scope, None).await.unwrap();
        let operator = house.enter(id_of(&account), &token.auth_token).unwrap();
        assert_eq!((operator.token(), operator.token_scope()), (token.token.id, scope));
        // Whatever its scope, it may ask who it is.
        let own = house.provisioning.own_account(&operator).await.unwrap();
        assert_eq!(own.account.auth_id, auth_id_of(&account));
        for (use_case, scopes) in MATRIX {
            let access = operator.clone().scope(id_of(&account)).unwrap();
            let outcome = attempt(&house, access, *use_case).await;
            assert_eq!(outcome.is_ok(), scopes.contains(&scope), "{use_case:?} {scope:?}: {outcome:?}");
        }
    }
}

#[tokio::test]
async fn accounts_reach_themselves_and_their_sub_accounts() {
    let house = House::new().await;
    let parent = house.account(None, None).await.unwrap();
    let stranger = house.account(None, None).await.unwrap();
    let child = house.sub_account(&house.write(&parent)).await.unwrap();
    let sibling = house.sub_account(&house.write(&parent)).await.unwrap();
    let accounts = [("parent", &parent), ("stranger", &stranger), ("child", &child), ("sibling", &sibling)];
    for (asker_name, asker) in accounts {
        for (target_name, target) in accounts {
            let expected =
                asker_name == target_name || (asker_name == "parent" && ["child", "sibling"].contains(&target_name));
            let reached = house.operator_of(asker).scope(id_of(target));
            assert_eq!(reached.is_ok(), expected, "{asker_name} -> {target_name}");
        }
        for nobody in ["SA_NOBODY00", "", "..", "é", &id_of(asker).to_lowercase()] {
            assert!(house.operator_of(asker).scope(nobody).is_err(), "{asker_name} -> {nobody}");
        }
    }
    // What a parent does to its child is the child's, and the parent did it.
    for (use_case, _) in MATRIX {
        let scope = house.operator_of(&parent).scope(id_of(&child)).unwrap();
        // A sub-account has no sub-accounts, not even by its parent.
        if *use_case == CreateSubAccount {
            let refused = house.sub_account(&scope.account_write().unwrap()).await;
            assert!(matches!(refused, Err(ProvisioningError::SubAccountsOfSubAccount)));
        } else {
            assert_eq!(attempt(&house, scope, *use_case).await, Ok(()), "{use_case:?}");
        }
    }
    assert_eq!(house.provisioning.credentials(&house.scope_of(&child), PAGE).await.unwrap().1, 1);
    assert_eq!(house.provisioning.credentials(&house.scope_of(&parent), PAGE).await.unwrap().1, 0);
    let log = house.storage.audit_log();
    let (_, created) = log.iter().find(|(_, event)| event.action.as_str() == "credential.created").unwrap();
    assert_eq!((&*created.actor, created.account), (id_of(&parent), Some(child.account.account.id)));
}

#[tokio::test]
async fn a_parents_token_of_less_scope_reaches_no_further_at_its_sub_account() {
    let house = House::new().await;
    let parent = house.account(None, None).await.unwrap();
    let child = house.sub_account(&house.write(&parent)).await.unwrap();
    for scope in [ReadOnly, CredentialsOnly] {
        let token = house.token(&house.write(&parent), scope, None).await.unwrap();
        let operator = house.enter(id_of(&parent), &token.auth_token).unwrap();
        for (use_case, scopes) in MATRIX.iter().filter(|(use_case, _)| *use_case != CreateSubAccount) {
            let access = operator.clone().scope(id_of(&child)).unwrap();
            let outcome = attempt(&house, access, *use_case).await;
            assert_eq!(outcome.is_ok(), scopes.contains(&scope), "{use_case:?} {scope:?}");
        }
    }
}

#[tokio::test]
async fn the_operator_may_do_everything_to_every_account() {
    let house = House::new().await;
    let account = house.account(None, None).await.unwrap();
    for (use_case, _) in MATRIX {
        let write = house.provisioning.account_for_operator(&operator(), &auth_id_of(&account)).unwrap();
        let scope: AccountScope = AccountScope::clone(&write);
        assert_eq!(attempt(&house, scope, *use_case).await, Ok(()), "{use_case:?}");
    }
    assert!(house.last_deed().starts_with("operator account.created "), "{}", house.last_deed());
    let nobody = AuthId::parse("MA_NOBODY00").unwrap();
    let refused = house.provisioning.account_for_operator(&operator(), &nobody);
    assert!(matches!(refused, Err(ProvisioningError::AccountNotFound)));
}
