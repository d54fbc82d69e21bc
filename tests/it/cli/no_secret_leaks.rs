//! No secret is found in anything that the program writes or prints, in any of the usual disguises.

use std::path::Path;

use base64::Engine as _;
use dashtam::testing::config::LogLevel;

use crate::support::{
    alpaca::{ACTIVITIES, FakeAlpaca},
    profile::{Profile, SECRET, disguises, holds, nothing_leaked},
    server::Answer,
};

#[test]
fn the_search_finds_every_disguise() {
    let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    for planted in ["a=canary-1", "63616e6172792d31", "%63%61%6e%61%72%79%2d%31"] {
        assert!(disguises("canary-1").iter().any(|needle| holds(planted.as_bytes(), needle)), "{planted}");
    }
    for before in ["", "k", "ke", "key", "user:"] {
        let planted = encode(&format!("{before}canary-1:and more"));
        assert!(disguises("canary-1").iter().any(|needle| holds(planted.as_bytes(), needle)), "{before}");
    }
}

/// The other process of [`a_panic_reports_its_place_and_no_secret`].
#[test]
#[ignore = "run by another test, in a process of its own"]
fn child_panics() {
    let log =
        dashtam::testing::config::open_log(Path::new(&std::env::var("CHILD_LOG").unwrap()), LogLevel::Trace).unwrap();
    tracing::dispatcher::set_global_default(log.dispatch.clone()).unwrap();
    dashtam::testing::config::report_panics();
    let secret = std::env::var("CHILD_SECRET").unwrap();
    let refused: Result<(), String> = Err(secret.clone());
    let ends: [Box<dyn Fn() + Send>; 4] = [
        Box::new({
            let refused = refused.clone();
            move || refused.clone().unwrap()
        }),
        Box::new({
            let secret = secret.clone();
            move || panic!("could not use {secret}")
        }),
        Box::new(move || std::panic::panic_any(secret.clone())),
        Box::new(|| panic!("a fixed text")),
    ];
    for end in ends {
        std::thread::spawn(end).join().unwrap_err();
    }
    drop(log);
}

#[test]
fn a_panic_reports_its_place_and_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("dashtam.log");
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "cli::no_secret_leaks::child_panics"])
        .env("CHILD_LOG", &log)
        .env("CHILD_SECRET", SECRET)
        .env("RUST_BACKTRACE", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let err = String::from_utf8(output.stderr).unwrap();
    let log = std::fs::read_to_string(log).unwrap();
    for text in [&err, &log] {
        assert_eq!(text.matches("internal error at ").count(), 4, "{text}");
        assert!(text.contains("no_secret_leaks.rs:") && text.contains("a fixed text"), "{text}");
    }
    for needle in disguises(SECRET) {
        for text in [err.as_bytes(), log.as_bytes(), &output.stdout] {
            assert!(!holds(text, &needle), "{}", String::from_utf8_lossy(text));
        }
    }
}

#[tokio::test]
async fn keys_are_nowhere() {
    let (fake, server) = FakeAlpaca::start().await;
    fake.fill(3, chrono::Local::now().date_naive());
    let mut profile = Profile::new(&[("alpaca", &server)]);
    profile.connect("KEY", 0).await;
    // A server that repeats what it was sent, in every tone.
    let echo = |status| Answer::status(status, format!(r#"{{"message":"PKTEST1 and {SECRET} are wrong"}}"#));
    for status in [400, 403, 404, 422] {
        fake.troubles.plan("/v2/positions", [echo(status)]);
        profile.run(&["-vv", "sync"]).await;
    }
    fake.troubles.plan(ACTIVITIES, [Answer::json(format!(r#"[{{"id":"{SECRET}x","activity_type":"CSD"}}]"#))]);
    fake.troubles.plan("/v2/account", [Answer::json(format!("<{SECRET}>"))]);
    profile.run(&["sync", "--format", "json"]).await;
    fake.refused.lock().unwrap().push("PKTEST1".into());
    profile.run(&["sync"]).await;
    profile.connect("KEY", 1).await;
    for list in ["connections", "accounts", "changes", "transactions"] {
        profile.run(&[list, "--format", "json"]).await;
    }
    // A wrong passphrase opens nothing, and is repeated nowhere.
    let path = profile.folder.path().join("passphrase");
    std::fs::write(&path, "canary-wrong-4be1").unwrap();
    let output = profile.run(&["sync"]).await;
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    nothing_leaked(&profile, &["PKTEST1", "canary-wrong-4be1"]);
}
