//! Live connections on the command line: the program itself, against servers on loopback.

use std::{process::Stdio, sync::Arc};

use chrono::{Days, Local, NaiveDate, TimeDelta, Utc};
use serde_json::Value;

use crate::support::{
    alpaca::{ACTIVITIES, FakeAlpaca, deposit},
    profile::{PASSPHRASE, Profile, SECRET, nothing_leaked},
    schwab::{FakeSchwab, paste_address},
    server::{Answer, Server},
};

fn today() -> NaiveDate {
    Local::now().date_naive()
}

async fn alpaca() -> (Arc<FakeAlpaca>, Server, Profile) {
    let (fake, server) = FakeAlpaca::start().await;
    fake.fill(250, today() - Days::new(1));
    let profile = Profile::new(&[("alpaca", &server)]);
    (fake, server, profile)
}

fn names(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn from_keys_to_holdings() {
    let (fake, _server, mut profile) = alpaca().await;
    let connection = profile.connect("KEY", 0).await;
    assert_eq!((&connection["provider"], &connection["status"]), (&"alpaca".into(), &"active".into()));
    assert_eq!(connection["environment"], "paper");
    for name in ["id", "name", "institution", "last_sync_at", "next_sync_at", "login_expires_at", "error"] {
        assert!(connection.get(name).is_some(), "{name}");
    }
    assert_eq!(profile.list(&["transactions", "--limit", "1000"]).await.as_array().unwrap().len(), 250);
    let holdings = profile.list(&["holdings"]).await;
    let tesla = holdings.as_array().unwrap().iter().find(|holding| holding["symbol"] == "TSLA").unwrap();
    assert_eq!((&tesla["quantity"], &tesla["market_value"]), (&"-5".into(), &"-1700.00".into()));
    assert_eq!(holdings.as_array().unwrap().len(), 4);
    let snapshots = profile.list(&["snapshots"]).await;
    let last = snapshots.as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["source"], &last["balance"]), (&"initial_connection".into(), &"20480.10".into()));
    assert!(profile.list(&["net-worth"]).await.to_string().contains("20480.10"));

    let report = profile.list(&["sync"]).await;
    assert_eq!(names(&report), ["connections"]);
    let one = &report["connections"][0];
    assert_eq!(
        names(one),
        [
            "id",
            "provider",
            "name",
            "status",
            "accounts",
            "transactions_imported",
            "transactions_updated",
            "transactions_removed",
            "holdings",
            "change_id",
            "error"
        ]
    );
    assert_eq!(names(&one["accounts"][0]), ["id", "name", "result", "reason"]);
    assert_eq!((&one["transactions_imported"], &one["change_id"]), (&0.into(), &Value::Null));
    assert_eq!((&one["accounts"][0]["result"], &one["error"]), (&"ok".into(), &Value::Null));

    // A limit of the server is kept in real time.
    fake.push(deposit(900, today()));
    fake.troubles.plan(ACTIVITIES, [Answer::status(429, "{}").with("Retry-After: 2")]);
    let before = std::time::Instant::now();
    let report = profile.list(&["sync", one["id"].as_str().unwrap()]).await;
    assert_eq!(report["connections"][0]["transactions_imported"], 1);
    assert!(before.elapsed() >= std::time::Duration::from_secs(2));
    assert_eq!(report["connections"][0]["change_id"].as_str().map(str::is_empty), Some(false));

    profile.list(&["undo"]).await;
    assert_eq!(profile.list(&["transactions", "--limit", "1000"]).await.as_array().unwrap().len(), 250);
    assert_eq!(profile.list(&["sync"]).await["connections"][0]["transactions_imported"], 1);

    let id = one["id"].as_str().unwrap().to_owned();
    let name = one["name"].as_str().unwrap().to_lowercase();
    let done = profile.list(&["disconnect", &name, "--remove-data"]).await;
    assert_eq!((&done["id"], &done["status"]), (&id.as_str().into(), &"disconnected".into()));
    assert_eq!(names(&done), names(&connection), "the connection in the shape of `connect`");
    assert_eq!(profile.list(&["accounts"]).await, serde_json::json!([]));
    assert_eq!(profile.list(&["connections"]).await[0]["status"], "disconnected");
    let report = profile.list(&["sync"]).await;
    assert_eq!(report, serde_json::json!({"connections": []}));
}

#[tokio::test]
async fn an_incomplete_account_exits_with_3_and_its_reason() {
    let (fake, _server, mut profile) = alpaca().await;
    profile.connect("KEY", 0).await;
    fake.push(deposit(901, today()));
    fake.troubles.plan("/v2/positions", [Answer::status(422, r#"{"message":"no positions today"}"#)]);
    let output = profile.run(&["sync", "--format", "json"]).await;
    let report = Profile::json(&output, 3);
    let connection = &report["connections"][0];
    assert_eq!((&connection["error"], &connection["transactions_imported"]), (&Value::Null, &1.into()), "{report}");
    assert_eq!(connection["accounts"][0]["result"], "partial");
    assert!(connection["accounts"][0]["reason"].as_str().unwrap().contains("no positions today"));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no positions today"));
}

#[tokio::test]
async fn some_failing_is_3_and_all_failing_is_1() {
    let (fake, _server, mut profile) = alpaca().await;
    let first = profile.connect("KEY", 0).await;
    let second = profile.connect("OTHER_KEY", 0).await;
    fake.push(deposit(900, today()));
    fake.refused.lock().unwrap().push("PKOTHER1".into());
    let output = profile.run(&["sync", "--format", "json"]).await;
    let report = Profile::json(&output, 3);
    let of =
        |id: &Value| report["connections"].as_array().unwrap().iter().find(|one| one["id"] == *id).unwrap().clone();
    let (good, bad) = (of(&first["id"]), of(&second["id"]));
    assert_eq!((&good["transactions_imported"], &good["error"]), (&1.into(), &Value::Null));
    assert_eq!((&bad["status"], &bad["error"]["kind"]), (&"revoked".into(), &"authentication".into()));
    assert!(String::from_utf8_lossy(&output.stderr).contains("dashtam reconnect"));

    fake.refused.lock().unwrap().push("PKTEST1".into());
    let output = profile.run(&["sync", "--format", "json"]).await;
    assert_eq!(Profile::json(&output, 1)["connections"].as_array().unwrap().len(), 2);

    // New keys in the place of the old ones.
    fake.refused.lock().unwrap().clear();
    let id = first["id"].as_str().unwrap();
    let output = profile
        .run(&[
            "reconnect",
            id,
            "--field",
            "environment=paper",
            "--field-env",
            "api_key=KEY",
            "--field-env",
            "api_secret=SECRET",
            "--format",
            "json",
        ])
        .await;
    let repaired = Profile::json(&output, 0);
    assert_eq!((&repaired["id"], &repaired["status"]), (&first["id"], &"active".into()));
    assert_eq!(names(&repaired), names(&first), "the connection in the shape of `connect`");
    assert_eq!(profile.list(&["accounts"]).await.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_same_login_is_not_connected_twice() {
    let (_fake, _server, mut profile) = alpaca().await;
    let first = profile.connect("KEY", 0).await;
    let again = profile.connect("KEY", 1).await;
    let (error, id) = (&again["error"], first["id"].as_str().unwrap());
    assert_eq!(error["kind"], "already_connected");
    assert!(error["message"].as_str().unwrap().contains("Alpaca"), "{error}");
    assert!(error["hint"].as_str().unwrap().contains(&format!("dashtam reconnect {id}")), "{error}");
    assert_eq!(profile.list(&["connections"]).await.as_array().unwrap().len(), 1);
    assert_eq!(profile.list(&["accounts"]).await.as_array().unwrap().len(), 1);
    let output = profile.run(&["reconnect", id, "--field-env", "api_key=KEY", "--format", "json"]).await;
    assert_eq!(Profile::json(&output, 0)["id"], *id, "what is not given stays as it is stored");
}

#[tokio::test]
async fn the_configuration_answers_moves_and_limits_a_provider() {
    let (_fake, server) = FakeAlpaca::start().await;
    let mut profile = Profile::new(&[]);
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.toml");
    let write = |text: String| std::fs::write(&config, text).unwrap();
    write(format!(
        "[providers.alpaca]\nendpoint = \"{}\"\nrequests_per_day = 40\nenvironment = \"paper\"\n\
         api_key_env = \"KEY\"\napi_secret_file = \"alpaca.secret\"\n",
        server.origin
    ));
    let at = config.to_str().unwrap().to_owned();
    let configured = |rest: &[&str]| -> Vec<String> {
        ["--config", &at].iter().chain(rest).map(|text| (*text).to_owned()).collect()
    };
    let connect = configured(&["connect", "alpaca", "--format", "json"]);
    let connect: Vec<&str> = connect.iter().map(String::as_str).collect();
    let missing = profile.run(&connect).await;
    let error = Profile::json(&missing, 1)["error"].clone();
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("line 6") && message.contains("api_secret_file"), "{message}");
    assert!(error["hint"].as_str().unwrap().contains("config path"));

    std::fs::write(folder.path().join("alpaca.secret"), format!("{SECRET}\n")).unwrap();
    let output = profile.run(&connect).await;
    let connection = Profile::json(&output, 0);
    let made = server.asked().len();
    assert_eq!((&connection["requests_today"], &connection["requests_per_day"]), (&made.into(), &40.into()));
    let list = configured(&["connections"]);
    let table = profile.run(&list.iter().map(String::as_str).collect::<Vec<_>>()).await;
    assert!(String::from_utf8_lossy(&table.stdout).contains(&format!("{made} of 40")));

    write("[providers.alpaka]\nenvironment = \"paper\"\n".to_owned());
    for rest in [&["sync"][..], &["config", "check"]] {
        let wrong = configured(&[rest, &["--format", "json"]].concat());
        let wrong = profile.run(&wrong.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let error = Profile::json(&wrong, 1)["error"].clone();
        let message = error["message"].as_str().unwrap();
        assert!(
            message.contains("config.toml") && message.contains("line 1") && message.contains("schwab"),
            "{message}"
        );
    }
    nothing_leaked(&profile, &[PASSPHRASE]);
}

#[tokio::test]
async fn wrong_usage_is_2_and_repeats_no_secret() {
    let (fake, server, mut profile) = alpaca().await;
    for (arguments, parts) in [
        (vec!["--field", "api_key=K", "--field", "api_secret=canary-typed-4be1"], vec!["api_key", "--field-env"]),
        (vec!["--field", "canary-typed-4be1"], vec!["NAME=VALUE"]),
        (vec!["--field-env", "api_key=KEY"], vec!["API secret key", "--field-env"]),
        (vec!["--field", "environment=moon", "--field-env", "api_key=KEY"], vec!["Environment"]),
        (vec!["--field-env", "api_key=NOT_SET"], vec!["NOT_SET"]),
        (vec!["--field", "colour=red"], vec!["colour", "api_secret"]),
    ] {
        let output = profile.run(&[&["connect", "alpaca", "--format", "json"], &arguments[..]].concat()).await;
        let error = Profile::json(&output, 2)["error"].to_string();
        for part in parts {
            assert!(error.contains(part), "{part}: {error}");
        }
        assert!(!error.contains("canary"), "{error}");
    }
    let output = profile.run(&["connect", "alpacca", "--format", "json"]).await;
    let error = Profile::json(&output, 2)["error"].to_string();
    assert!(error.contains("alpaca") && error.contains("schwab"), "{error}");
    assert_eq!(server.asked().len(), 0);

    // Refused keys: nothing is kept.
    fake.refused.lock().unwrap().push("PKTEST1".into());
    let error = profile.connect("KEY", 1).await;
    assert_eq!(error["error"]["kind"], "authentication");
    assert_eq!(profile.list(&["connections"]).await, serde_json::json!([]));
    let output = profile.run(&["sync", "77", "--format", "json"]).await;
    assert_eq!(Profile::json(&output, 1)["error"]["kind"], "not_found");
}

#[tokio::test]
async fn schwab_by_pasting_the_address() {
    let (fake, server) = FakeSchwab::start().await;
    let mut profile = Profile::new(&[("schwab", &server)]);
    let fields = ["--field-env", "app_key=KEY", "--field-env", "app_secret=SECRET", "--format", "json"];
    let mut child =
        profile.command(&[&["connect", "schwab"], &fields[..]].concat()).stdin(Stdio::piped()).spawn().unwrap();
    let rest = paste_address(&mut child, &server).await;
    let output = child.wait_with_output().await.unwrap();
    profile.keep_output(&output);
    profile.output.push_str(&rest);
    assert_eq!(output.status.code(), Some(0), "{rest}");
    let connection: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&connection["provider"], &connection["status"]), (&"schwab".into(), &"active".into()));
    assert!(connection["login_expires_at"].is_string());
    assert_eq!(profile.list(&["accounts"]).await.as_array().unwrap().len(), 2);

    let output = profile.run(&["sync"]).await;
    assert_eq!(output.status.code(), Some(0));
    assert!(!String::from_utf8_lossy(&output.stderr).contains("the login ends"));
    let ends = |left: TimeDelta| {
        let store = profile.store();
        let mut connection = store.read().unwrap().connections().unwrap().remove(0);
        connection.login_expires_at = Some(Utc::now() + left);
        let mut writer = store.begin(dashtam::testing::domain::ChangeKind::Sync, "test", Utc::now()).unwrap();
        writer.put_connection(&connection).unwrap();
        writer.commit_unlisted().unwrap();
    };
    ends(TimeDelta::minutes(20 * 60 + 30));
    let output = profile.run(&["sync"]).await;
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0));
    assert!(err.contains("the login ends in 20 h") && err.contains("dashtam reconnect"), "{err}");
    assert_eq!(fake.given.lock().unwrap().len(), 1, "one code, and no renewal yet");
    nothing_leaked(&profile, &["C0.canary", "canary-access", "canary-refresh", "canary-id"]);
}

/// A port that is taken and a closed standard input leave no way back from the browser: the login ends at once.
#[tokio::test]
async fn a_taken_port_and_closed_input_end_a_login_at_once() {
    let (_fake, server) = FakeSchwab::start().await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let callback = format!("callback_url=https://127.0.0.1:{}", taken.local_addr().unwrap().port());
    let profile = Profile::new(&[("schwab", &server)]);
    let fields = ["--field-env", "app_key=KEY", "--field-env", "app_secret=SECRET", "--field", &callback];
    let before = std::time::Instant::now();
    let output = profile.command(&[&["connect", "schwab"], &fields[..]].concat()).output().await.unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("can't be listened on") && text.contains("standard input is closed"), "{text}");
    assert!(before.elapsed() < std::time::Duration::from_secs(60), "not after the five minutes of a login");
}

#[tokio::test]
async fn the_vault_gets_another_passphrase_and_is_reset() {
    let (_fake, _server, mut profile) = alpaca().await;
    profile.connect("KEY", 0).await;
    let status = profile.list(&["vault", "status"]).await;
    assert_eq!((&status["kind"], &status["logins"]), (&"passphrase".into(), &1.into()));
    let file = profile.folder.path().join("passphrase");
    let new = profile.folder.path().join("new");
    std::fs::write(&new, "canary-new-4be1\n").unwrap();
    let output = profile.run(&["vault", "passphrase", "--file", new.to_str().unwrap()]).await;
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(profile.run(&["sync"]).await.status.code(), Some(1), "the old passphrase opens nothing");
    std::fs::rename(&new, &file).unwrap();
    assert_eq!(profile.run(&["sync"]).await.status.code(), Some(0), "the login is the same");
    assert_eq!(profile.run(&["vault", "reset"]).await.status.code(), Some(2), "it asks first");
    let reset = profile.list(&["vault", "reset", "--yes"]).await;
    assert_eq!(
        (&reset["exists"], &reset["logins"]),
        (&true.into(), &0.into()),
        "the new vault keeps the key of the database"
    );
    let connections = profile.list(&["connections"]).await;
    assert_eq!(connections[0]["status"], "revoked");
    assert!(!profile.list(&["transactions"]).await.as_array().unwrap().is_empty(), "rows stay");
    nothing_leaked(&profile, &["canary-new-4be1"]);
}
