//! `connect` and `sync` as a user runs them, against a server that plays Alpaca.

use std::{fs, process::Command};

use httpmock::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A profile with a passphrase vault, since keys must outlive one process, and the server's address.
struct Desk {
    folder: TempDir,
    server: MockServer,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("passphrase"), "correct horse battery staple\n").unwrap();
        Self { folder, server: MockServer::start() }
    }

    fn run(&self, arguments: &[&str]) -> (Option<i32>, Value, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_dashtam"))
            .args(arguments)
            .args(["--format", "json"])
            .env("DASHTAM_DATA_DIR", self.folder.path().join("data"))
            .env("DASHTAM_VAULT", "passphrase")
            .env("DASHTAM_PASSPHRASE_FILE", self.folder.path().join("passphrase"))
            .env("DASHTAM_ENDPOINT_ALPACA", self.server.base_url())
            .env("MY_KEY", "PKTEST0000000000001")
            .env("MY_SECRET", "s3cretS3cretS3cretS3cretS3cretS3cret0001")
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        let answer = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        (output.status.code(), answer, String::from_utf8(output.stderr).unwrap())
    }

    fn connect(&self) -> (Option<i32>, Value, String) {
        self.run(&[
            "connect",
            "alpaca",
            "--field",
            "environment=paper",
            "--field-env",
            "api_key=MY_KEY",
            "--field-env",
            "api_secret=MY_SECRET",
        ])
    }

    fn plays(&self, activities: &Value) {
        self.server.mock(|when, then| {
            when.method(GET).path("/v2/account").header("APCA-API-KEY-ID", "PKTEST0000000000001");
            then.status(200).json_body(json!({
                "id": "11111111-2222-4333-8444-555555555555", "account_number": "PA0000001234", "status": "ACTIVE",
                "currency": "USD", "cash": "1000.50", "equity": "1600.50", "portfolio_value": "1600.50",
                "buying_power": "2001", "created_at": "2025-01-02T00:00:00Z"
            }));
        });
        self.server.mock(|when, then| {
            when.method(GET).path("/v2/positions");
            then.status(200).json_body(json!([{
                "asset_id": "a", "symbol": "ACME", "exchange": "NYSE", "asset_class": "us_equity", "qty": "5",
                "side": "long", "avg_entry_price": "100", "market_value": "600", "cost_basis": "500",
                "unrealized_pl": "100", "current_price": "120"
            }]));
        });
        self.server.mock(|when, then| {
            when.method(GET).path("/v2/account/portfolio/history");
            then.status(200).json_body(
                json!({"timestamp": [], "equity": [], "profit_loss": [], "base_value": "0", "timeframe": "1D"}),
            );
        });
        self.server.mock(|when, then| {
            when.method(GET).path("/v2/account/activities");
            then.status(200).json_body(activities.clone());
        });
    }
}

#[test]
fn keys_connect_and_a_second_sync_adds_nothing() {
    let desk = Desk::new();
    desk.plays(&json!([
        {"id": "20260303000000000::aaaaaaaa-0000-4000-8000-000000000001", "activity_type": "CSD", "date": "2026-03-03",
         "net_amount": "1500.50", "description": "deposit", "status": "executed"},
        {"id": "20260304120000000::aaaaaaaa-0000-4000-8000-000000000002", "activity_type": "FILL",
         "transaction_time": "2026-03-04T17:00:00Z", "type": "fill", "price": "100", "qty": "5", "side": "buy",
         "symbol": "ACME", "leaves_qty": "0", "cum_qty": "5", "order_id": "o1", "order_status": "filled"}
    ]));
    let (code, connection, errors) = desk.connect();
    assert_eq!(code, Some(0), "{errors}");
    assert_eq!((&connection["provider"], &connection["status"]), (&"alpaca".into(), &"active".into()));

    let rows = desk.run(&["transactions"]).1;
    let amounts: Vec<_> = rows.as_array().unwrap().iter().map(|row| row["amount"].as_str().unwrap()).collect();
    assert_eq!(amounts.len(), 2);
    assert!(amounts.contains(&"1500.50"), "{amounts:?}");
    assert_eq!((&rows[0]["type"], &rows[0]["symbol"]), (&"trade".into(), &"ACME".into()));
    let holding = &desk.run(&["holdings"]).1[0];
    assert_eq!((&holding["symbol"], &holding["gain"]), (&"ACME".into(), &"100.00".into()));
    assert_eq!(desk.run(&["net-worth"]).1[0]["net_worth"], "1600.50");

    let (code, report, errors) = desk.run(&["sync"]);
    assert_eq!(code, Some(0), "{errors}");
    let synced = &report["connections"][0];
    assert_eq!((&synced["transactions_imported"], &synced["transactions_updated"]), (&0.into(), &0.into()));
    assert_eq!(synced["accounts"][0]["result"], "ok");
}

#[test]
fn refused_keys_leave_nothing_behind() {
    let desk = Desk::new();
    desk.server.mock(|when, then| {
        when.any_request();
        then.status(401).json_body(json!({"message": "unauthorized."}));
    });
    let (code, _, errors) = desk.connect();
    assert_eq!(code, Some(1));
    let error: Value = serde_json::from_str(errors.lines().last().unwrap()).unwrap();
    assert_eq!(error["error"]["kind"], "authentication");
    assert!(!errors.contains("s3cret"), "{errors}");
    assert_eq!(desk.run(&["connections"]).1, json!([]));
}
