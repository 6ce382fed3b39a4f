//! Bans: one operation per file.

mod lift;
mod list;
mod object;

pub(crate) use object::{BanListObject, BanObject};

use crate::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::tagged("Bans")
        .operation(list::__path_list, list::list)
        .operation(lift::__path_lift, lift::lift)
        .schema::<BanObject>()
        .schema::<BanListObject>()
}

#[cfg(test)]
mod tests {
    use crate::test_api::{ACCOUNT, NOBODY, TestApi};

    #[tokio::test]
    async fn without_any_the_list_is_empty_and_none_is_found() {
        let api = TestApi::new().await;
        let empty = r#"200 {"meta":{"limit":20,"offset":0,"total":0},"objects":[]}"#;
        assert_eq!(api.get("~/bans").await.shown(), empty);
        for id in [NOBODY, "x"] {
            let answer = api.delete(&format!("~/bans/{id}")).await;
            assert_eq!(answer.shown(), r#"404 {"error":"Ban not found; it may have ended by now","code":404}"#);
        }
        assert_eq!(api.as_other("GET", &format!("/api/v1/Account/{ACCOUNT}/bans"), "").await.status(), 403);
        assert_eq!(api.get("~/bans?limit=0").await.error(), "limit must be a whole number from 1 to 1000");
    }
}
