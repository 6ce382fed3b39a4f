//! `X-Password-Score`: how hard a password that was just set is to guess.

use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use domain::PasswordScore;
use provisioning::CredentialView;

const X_PASSWORD_SCORE: HeaderName = HeaderName::from_static("x-password-score");

/// The answer with the score of the credential's password, where it is known.
pub(super) fn with_score(answer: Response, view: &CredentialView) -> Response {
    with_score_of(answer, view.password_score)
}

/// The same for a password whose credential is not shown.
pub(crate) fn with_score_of(mut answer: Response, score: Option<PasswordScore>) -> Response {
    if let Some(score) = score {
        answer.headers_mut().insert(X_PASSWORD_SCORE, HeaderValue::from(u16::from(score.get())));
    }
    answer
}

#[cfg(test)]
mod tests {
    use crate::test_api::TestApi;

    #[tokio::test]
    async fn what_sets_a_password_is_told_its_score() {
        let api = TestApi::new().await;
        let create = |name: &str, password: &str| format!(r#"{{"username":"{name}","password":"{password}"}}"#);
        for (name, password, score) in [
            ("a", "password", "0"),
            ("b", "Test1234", "1"),
            ("someones_phone", "someones_phone", "0"),
            ("c", "correct horse battery staple", "4"),
            ("d", "k7Qm2Xw9Tz4Rb8Lp5Nh3", "4"),
        ] {
            let answer = api.post("~/credentials", create(name, password)).await;
            assert_eq!((answer.status().as_u16(), answer.header("x-password-score")), (201, score), "{password}");
        }
        let id = api.created("updated").await;
        let path = format!("~/credentials/{id}");
        assert_eq!(api.get(&path).await.header("x-password-score"), "");
        assert_eq!(api.put(&path, r#"{"enabled":true}"#).await.header("x-password-score"), "");
        assert_eq!(api.put(&path, r#"{"password":"12345678"}"#).await.header("x-password-score"), "0");
    }

    #[tokio::test]
    async fn an_account_may_demand_better_ones_from_then_on() {
        let api = TestApi::new().await;
        let weak = api.post("~/credentials", r#"{"username":"weak","password":"password"}"#).await;
        let path = format!("~/credentials/{}", weak.json()["id"].as_str().unwrap());
        assert_eq!(api.put("~/settings", r#"{"minimum_password_score":3}"#).await.status(), 200);
        let expected = "password is too easy to guess: it scores 0 of 4, and the account demands 3. \
                        This is a top-10 common password. Add another word or two. Uncommon words are better.";
        for refused in [
            api.post("~/credentials", r#"{"username":"weaker","password":"password"}"#).await,
            api.post_with_key("~/credentials", "k", r#"{"username":"weaker","password":"password"}"#).await,
            api.put(&path, r#"{"password":"password"}"#).await,
        ] {
            assert_eq!((refused.status().as_u16(), refused.error().as_str()), (400, expected));
            assert_eq!(refused.json()["details"][0]["field"], "password");
        }
        let strong = r#"{"username":"strong","password":"correct horse battery staple"}"#;
        assert_eq!(api.post("~/credentials", strong).await.status(), 201);
        assert_eq!(api.put(&path, r#"{"enabled":true}"#).await.status(), 200, "what is there already stays");
        let elsewhere = api.other_credential("weak").await;
        assert!(!elsewhere.is_empty(), "each account for itself");
    }
}
