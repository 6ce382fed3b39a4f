//! What the storage ports mean, as checks that every adapter passes.
//!
//! Each check is an async function that takes a [`Subject`] of its own and panics on the first broken promise.
//! [`storage_conformance!`](crate::storage_conformance) makes a test of every one of them.

pub mod accounts;
pub mod algorithm_uses;
pub mod answers;
pub mod atomicity;
pub mod audit_log;
pub mod auth_events;
pub mod bans;
pub mod boots_and_settings;
pub mod call_records;
pub mod credential_uses;
pub mod credentials;
pub mod devices;
pub mod feed;
pub mod pages;
pub mod registrations;
pub mod sub_accounts;
pub mod tokens;
pub mod trunks;
pub mod webhook_outbox;
pub mod webhooks;

use crate::samples;
use domain::{Account, AuditEvent, Credential, Revision};
use std::any::Any;
use std::sync::Arc;
use storage::{Change, CommitError, Conflict, NewAccount, Storage};

/// Reads an adapter's audit log, oldest first; there is no port for it.
pub type AuditLog = Box<dyn Fn() -> Vec<(Revision, AuditEvent)> + Send + Sync>;

/// An empty storage to check.
pub struct Subject {
    /// The storage.
    pub storage: Arc<dyn Storage>,
    /// Reads its audit log.
    pub audit_log: AuditLog,
    /// What must live as long as the storage, such as a temporary directory.
    pub keep: Box<dyn Any + Send + Sync>,
}

impl Subject {
    /// Commits one change, with an audit event that fits it.
    ///
    /// # Errors
    /// Those of [`storage::Commit::commit`].
    pub async fn commit(&self, change: Change) -> Result<Revision, CommitError> {
        self.storage.commit(samples::change_set(change)).await
    }

    /// Creates an account and reads it back.
    #[expect(clippy::expect_used, reason = "a check fails by panicking")]
    pub async fn create_account(&self, new: NewAccount) -> Account {
        let auth_id = new.auth_id.clone();
        self.commit(Change::CreateAccount(new)).await.expect("the account is created");
        self.storage.account(auth_id).await.expect("accounts can be read").expect("the account is there")
    }

    /// Creates a credential and returns it with the revision it got.
    #[expect(clippy::expect_used, reason = "a check fails by panicking")]
    pub async fn create_credential(&self, credential: Credential) -> Credential {
        let change = Change::CreateCredential(credential.clone());
        let revision = self.commit(change).await.expect("the credential is created");
        Credential { revision, ..credential }
    }
}

#[expect(clippy::panic, reason = "a check fails by panicking")]
fn assert_conflict(outcome: Result<Revision, CommitError>, expected: Conflict) {
    match outcome {
        Err(CommitError::Conflict(conflict)) => assert_eq!(conflict, expected),
        other => panic!("expected {expected:?}, but the outcome is {other:?}"),
    }
}

/// Makes a test of every conformance check; `$make` is a function that returns an empty
/// [`Subject`](crate::conformance::Subject).
#[macro_export]
macro_rules! storage_conformance {
    ($make:path) => {
        $crate::storage_conformance! {
            @modules $make;
            accounts {
                creates_account_realm_hosts_and_token
                joins_an_existing_realm_and_leaves_its_policy
                refuses_a_taken_auth_id
                refuses_a_host_of_another_realm
                lists_accounts_in_order_of_creation
                changes_what_a_realm_offers
            }
            credentials {
                creates_and_reads
                usernames_are_unique_within_a_realm
                usernames_differ_by_case
                needs_its_account_and_the_realm_of_it
                updates_what_may_change_and_nothing_else
                refuses_an_update_of_a_superseded_revision
                deletes_once
                hides_the_credentials_of_other_accounts
                a_deleted_username_is_free_again
                credentials_are_found_as_people_look_for_them
                a_username_finds_the_accounts_own
                usernames_find_the_realms_own
                credentials_are_sealed_anew_unless_changed
                a_realm_without_md5_keeps_no_ha1_under_it
                a_previous_generation_is_kept_until_its_time_is_over
            }
            devices {
                devices_are_part_of_their_credential
                desk_phones_are_unique_within_their_account
                a_revoked_device_takes_its_registrations_along
                revoked_devices_are_kept_until_their_time_is_over
                a_realm_without_md5_keeps_none_of_devices
                uses_of_devices_are_kept_apart
                a_link_is_spent_once
                links_have_an_end
                replaced_paths_are_counted
            }
            algorithm_uses {
                days_widen_and_the_latest_user_agent_stays
                uses_go_with_their_credential
                reports_count_and_list
            }
            credential_uses {
                the_latest_use_stays
                what_wants_looking_after_is_listed
            }
            atomicity {
                a_failing_change_undoes_the_earlier_ones
                later_changes_see_earlier_ones_of_their_set
                the_audit_event_comes_with_the_change
                revisions_are_without_gaps
                concurrent_creations_of_a_username_succeed_once
            }
            audit_log {
                every_set_leaves_one_record_in_a_sound_chain
                records_are_found_by_what_they_say
            }
            bans {
                bans_are_kept_until_they_end
            }
            feed {
                an_empty_storage_is_told_as_such
                the_first_part_is_everything_in_order_of_reference
                facts_equal_what_reads_return
                a_commit_is_applied_before_it_is_answered
                conflicts_are_not_told
                there_is_no_gap_while_commits_run
                coherence_follows_commits
            }
            pages {
                windows_are_in_order_of_creation
                totals_follow_creation_and_deletion
                accounts_do_not_mix
                cursors_walk_without_gap_or_repetition
                all_accounts_can_be_walked
            }
            sub_accounts {
                a_sub_account_knows_its_parent
                a_sub_account_has_no_sub_accounts
                sub_accounts_are_listed_by_state
                a_patch_changes_what_it_names
                a_disabled_account_has_no_registrations
                a_deletion_takes_all_that_belongs_to_the_account
                an_account_with_sub_accounts_stays
                a_deletion_that_fails_deletes_nothing
                hosts_come_and_go
                only_a_creation_fills_in_the_audited_account
                realms_are_listed_by_name
            }
            tokens {
                tokens_are_listed_in_order_of_creation
                a_token_is_revoked_by_its_account_only
                operator_tokens_are_kept_apart
                the_latest_use_of_a_token_stays
            }
            answers {
                a_key_is_of_its_account
                a_used_key_gives_way_when_it_is_old
                concurrent_requests_of_one_key_take_effect_once
                answers_can_be_walked
                old_answers_are_forgotten
                answers_are_sealed_anew_unless_replaced
            }
            registrations {
                bindings_return_as_they_were_saved
                a_binding_is_replaced_and_removed
                a_refresh_renews_what_is_there
                order_within_a_batch_counts
                registrations_are_ended_by_a_change
                expired_bindings_are_forgotten
                a_put_needs_an_enabled_credential_of_its_generation
                an_update_keeps_or_removes_bindings
                bindings_of_an_overlap_are_stored_and_end_apart
                a_deletion_removes_bindings
            }
            trunks {
                all_of_it_returns_as_it_was_written
                updates_replace_what_may_change
                what_another_account_owns_is_not_there
                references_stay_within_the_account
                hosts_of_trunks_are_taken
                what_is_deleted_is_detached
                numbers_are_allocated_once
                trunks_go_with_their_account
                upstream_secrets_are_sealed_anew_unless_changed
                the_limits_of_an_account_are_set
            }
            call_records {
                records_and_snapshots_return_as_they_were_saved
                a_call_leaves_exactly_one_record
                a_confirmed_call_is_kept_until_it_ends
                records_are_walked_newest_first
                records_are_filtered
                records_are_trimmed_in_steps
                a_call_of_an_account_that_is_gone_leaves_nothing
            }
            auth_events {
                records_return_as_they_were_saved
                attempts_are_added
                records_are_walked_both_ways
                auth_events_are_filtered
                auth_events_are_trimmed_in_steps
                usernames_in_another_case_are_found
            }
            webhook_outbox {
                messages_are_kept_until_they_are_removed
                a_message_is_kept_once
                messages_go_with_their_account
            }
            webhooks {
                a_webhook_returns_as_it_was_written
                a_superseded_webhook_is_not_written
                webhooks_go_with_their_account
                webhook_secrets_are_sealed_anew_unless_changed
            }
            boots_and_settings {
                boot_numbers_increase
                boots_since_is_newest_first
                boots_since_is_bounded
                settings_are_written_and_replaced
                settings_are_cleared
            }
        }
    };
    (@modules $make:path; $($module:ident { $($check:ident)* })*) => {
        $(mod $module {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $check() {
                $crate::conformance::$module::$check($make()).await;
            })*
        })*
    };
}
