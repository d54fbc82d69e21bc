//! A server that answers as Alpaca does.

use std::sync::{Arc, Mutex};

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

use super::{
    fixtures::{Troubles, fixture},
    server::{Answer, Asked, Server},
};

/// A broker with pages of activities.
#[derive(Default)]
pub(crate) struct FakeAlpaca {
    pub(crate) activities: Mutex<Vec<Value>>,
    pub(crate) positions: Mutex<Option<String>>,
    pub(crate) troubles: Troubles,
    /// Key ids that are refused.
    pub(crate) refused: Mutex<Vec<String>>,
}

pub(crate) const ACTIVITIES: &str = "/v2/account/activities";

impl FakeAlpaca {
    pub(crate) async fn start() -> (Arc<Self>, Server) {
        let fake = Arc::new(Self::default());
        let answering = Arc::clone(&fake);
        let server = Server::start(move |asked| answering.answer(asked)).await;
        (fake, server)
    }

    /// `count` deposits of one a day, the last one on `last`.
    pub(crate) fn fill(&self, count: u64, last: NaiveDate) {
        let mut activities = self.activities.lock().unwrap();
        activities.extend((0..count).map(|index| deposit(index, last - Days::new(count - 1 - index))));
    }

    pub(crate) fn push(&self, activity: Value) {
        self.activities.lock().unwrap().push(activity);
    }

    pub(crate) fn answer(&self, asked: &Asked) -> Answer {
        let key = asked.header("apca-api-key-id").unwrap_or_default();
        if self.refused.lock().unwrap().iter().any(|refused| refused == key) {
            return Answer::status(401, format!(r#"{{"message":"unauthorized {key}."}}"#));
        }
        if let Some(trouble) = self.troubles.take(&asked.path) {
            return trouble;
        }
        match asked.path.as_str() {
            "/v2/account" if key.starts_with("PKOTHER") => {
                Answer::json(fixture("alpaca", "account.json").replace("5b0c7a3e", "77777777"))
            }
            "/v2/account" => Answer::json(fixture("alpaca", "account.json")),
            "/v2/positions" => {
                let own = self.positions.lock().unwrap().clone();
                Answer::json(own.unwrap_or_else(|| fixture("alpaca", "positions.json")))
            }
            "/v2/account/portfolio/history" => Answer::json(fixture("alpaca", "history.json")),
            ACTIVITIES => self.page(asked),
            _ => Answer::status(404, "{}"),
        }
    }

    fn page(&self, asked: &Asked) -> Answer {
        let activities = self.activities.lock().unwrap();
        let size: usize = asked.param("page_size").map_or(100, |size| size.parse().unwrap());
        let date = |row: &Value| row["date"].as_str().unwrap().to_owned();
        let token = asked.param("page_token").map(|token| token.replace("%3A", ":"));
        let start = token.map_or(0, |token| activities.iter().position(|row| row["id"] == *token).unwrap() + 1);
        let rows: Vec<&Value> = activities[start..]
            .iter()
            .filter(|row| asked.param("after").is_none_or(|after| *date(row) > *after))
            .filter(|row| asked.param("date").is_none_or(|day| date(row) == day))
            .filter(|row| asked.param("activity_types").is_none_or(|kind| row["activity_type"] == *kind))
            .take(size)
            .collect();
        Answer::json(serde_json::to_string(&rows).unwrap())
    }
}

pub(crate) fn deposit(number: u64, date: NaiveDate) -> Value {
    json!({
        "id": format!("{}::{number:08}", date.format("%Y%m%d000000000")),
        "activity_type": "CSD", "date": date.to_string(), "net_amount": format!("{number}.25"),
        "description": format!("Deposit {number}"), "status": "executed",
    })
}

/// An Alpaca that accepts one secret.
pub(crate) fn small_alpaca(asked: &Asked) -> Answer {
    if asked.header("apca-api-secret-key") != Some("canary-right") {
        return Answer::status(401, r#"{"message":"forbidden."}"#);
    }
    match asked.path.as_str() {
        "/v2/account" => Answer::json(include_str!("../../../fixtures/providers/alpaca/account.json")),
        "/v2/positions" => Answer::json(include_str!("../../../fixtures/providers/alpaca/positions.json")),
        "/v2/account/activities" if asked.param("page_token").is_none() && asked.param("date").is_none() => {
            Answer::json(
                r#"[{"id":"20261119000000000::1","activity_type":"DIV","date":"2026-11-19","net_amount":"1.12",
                    "status":"executed","symbol":"AAPL","qty":"2","per_share_amount":"0.56"}]"#,
            )
        }
        "/v2/account/activities" => Answer::json("[]"),
        "/v2/account/portfolio/history" => {
            Answer::json(include_str!("../../../fixtures/providers/alpaca/history.json"))
        }
        _ => Answer::status(404, "{}"),
    }
}
