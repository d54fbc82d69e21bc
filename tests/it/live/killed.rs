//! Claims and links of the program itself, killed (SIGKILL) at every step: afterwards a login is whole or absent, a one-time
//! token is spent once, and there is one connection with every row once.

use std::{process::Stdio, sync::atomic::Ordering::SeqCst};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};

use crate::support::{
    linked::{ACCOUNTS, CLAIM, bridge, plaid, teller},
    profile::Profile,
    schwab::{FakeSchwab, TOKEN, paste_address},
    server::{Answer, Server},
};

/// Values of secret fields, by variable.
type Variables<'a> = &'a [(&'a str, &'a str)];

fn process(profile: &Profile, arguments: &[&str], variables: Variables<'_>) -> tokio::process::Command {
    let mut command = profile.command(arguments);
    command.envs(variables.iter().copied());
    command
}

/// Runs the command until the server is asked for `path`, and kills it there.
async fn killed_at(server: &Server, path: &str, profile: &Profile, arguments: &[&str], variables: Variables<'_>) {
    let hold = server.hold(path);
    let mut victim = process(profile, arguments, variables).spawn().unwrap();
    tokio::select! {
        () = hold.reached() => {}
        status = victim.wait() => panic!("{path} was never asked for: {status:?}"),
    }
    victim.kill().await.unwrap();
    hold.release();
}

/// Runs the command to its end.
async fn ends(profile: &mut Profile, arguments: &[&str], variables: Variables<'_>) -> (Option<i32>, String) {
    let output = process(profile, arguments, variables).output().await.unwrap();
    profile.keep_output(&output);
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code(), text)
}

/// One connection, with that many accounts and rows, also after one more sync.
async fn is_whole(profile: &mut Profile, accounts: usize, rows: usize) {
    for _ in 0..2 {
        assert_eq!(profile.list(&["connections"]).await.as_array().unwrap().len(), 1);
        assert_eq!(profile.list(&["accounts"]).await.as_array().unwrap().len(), accounts);
        assert_eq!(profile.list(&["transactions"]).await.as_array().unwrap().len(), rows);
        let report = Profile::json(&profile.run(&["sync", "--force", "--format", "json"]).await, 0);
        assert_eq!(report["connections"][0]["transactions_imported"], 0, "{report}");
    }
}

fn count(server: &Server, path: &str) -> usize {
    server.asked().iter().filter(|asked| asked.path == path).count()
}

#[tokio::test]
async fn a_claim_is_whole_wherever_it_is_killed() {
    let token = STANDARD.encode("https://bridge.simplefin.org/simplefin/claim/T1");
    let variables = [("TOKEN", token.as_str())];
    let connect = ["connect", "simplefin", "--field-env", "setup_token=TOKEN", "--format", "json"];
    // While the claim is on its way: nothing is stored, and the message states that the token is spent.
    let server = bridge().await;
    let mut profile = Profile::new(&[("simplefin", &server)]);
    killed_at(&server, CLAIM, &profile, &connect, &variables).await;
    assert!(profile.list(&["connections"]).await.as_array().unwrap().is_empty());
    let (code, text) = ends(&mut profile, &connect, &variables).await;
    assert!(code == Some(1) && text.contains("has been used already"), "{text}");
    assert!(profile.list(&["connections"]).await.as_array().unwrap().is_empty());

    // While the accounts are asked for: the access is stored, and the same token goes on with it.
    let server = bridge().await;
    let mut profile = Profile::new(&[("simplefin", &server)]);
    killed_at(&server, ACCOUNTS, &profile, &connect, &variables).await;
    assert!(profile.list(&["connections"]).await.as_array().unwrap().is_empty());
    let (code, text) = ends(&mut profile, &connect, &variables).await;
    assert_eq!((code, count(&server, CLAIM)), (Some(0), 1), "{text}");
    is_whole(&mut profile, 1, 2).await;
}

#[tokio::test]
async fn a_first_sync_is_whole_wherever_it_is_killed() {
    let token = STANDARD.encode("https://bridge.simplefin.org/simplefin/claim/T1");
    let variables = [("TOKEN", token.as_str())];
    let connect = ["connect", "simplefin", "--field-env", "setup_token=TOKEN", "--format", "json"];
    let server = bridge().await;
    let mut profile = Profile::new(&[("simplefin", &server)]);
    let hold = server.hold(ACCOUNTS);
    let mut victim = process(&profile, &connect, &variables).spawn().unwrap();
    hold.reached().await;
    hold.release();
    // The check was answered; the second question is the first sync's.
    hold.reached().await;
    victim.kill().await.unwrap();
    let connections = profile.list(&["connections"]).await;
    assert!(connections.as_array().unwrap().len() <= 1, "{connections}");
    if connections.as_array().unwrap().is_empty() {
        let (code, text) = ends(&mut profile, &connect, &variables).await;
        assert_eq!(code, Some(0), "{text}");
    } else {
        profile.run(&["sync", "--force"]).await;
    }
    assert_eq!(count(&server, CLAIM), 1);
    is_whole(&mut profile, 1, 2).await;
}

const CONNECT_PLAID: [&str; 10] = [
    "connect",
    "plaid",
    "--field",
    "environment=sandbox",
    "--field",
    "client_id=canary-client",
    "--field-env",
    "secret=SECRET_OF_PLAID",
    "--format",
    "json",
];

#[tokio::test]
async fn a_hosted_link_is_whole_wherever_it_is_killed() {
    let variables = [("SECRET_OF_PLAID", "canary-plaid-secret")];
    // Where it is killed; how often a page is made and a public token exchanged in all.
    for (path, pages, exchanges) in
        [("/link/token/create", 2, 1), ("/link/token/get", 1, 1), ("/accounts/get", 1, 1), ("/transactions/sync", 1, 1)]
    {
        let server = plaid().await;
        let mut profile = Profile::new(&[("plaid", &server)]);
        killed_at(&server, path, &profile, &CONNECT_PLAID, &variables).await;
        if profile.list(&["connections"]).await.as_array().unwrap().is_empty() {
            let (code, text) = ends(&mut profile, &CONNECT_PLAID, &variables).await;
            assert_eq!(code, Some(0), "{path}: {text}");
        } else {
            profile.run(&["sync", "--force"]).await;
        }
        let asked = (count(&server, "/link/token/create"), count(&server, "/item/public_token/exchange"));
        assert_eq!(asked, (pages, exchanges), "{path}");
        is_whole(&mut profile, 1, 1).await;
    }
}

#[tokio::test]
async fn a_link_killed_during_the_exchange_can_be_made_again() {
    let variables = [("SECRET_OF_PLAID", "canary-plaid-secret")];
    let server = plaid().await;
    let mut profile = Profile::new(&[("plaid", &server)]);
    killed_at(&server, "/item/public_token/exchange", &profile, &CONNECT_PLAID, &variables).await;
    // The answer was lost and the public token is spent: Plaid reports that, and the next page is a new one.
    let (code, text) = ends(&mut profile, &CONNECT_PLAID, &variables).await;
    assert_eq!(code, Some(1), "{text}");
    assert!(profile.list(&["connections"]).await.as_array().unwrap().is_empty());
    assert_eq!(count(&server, "/link/token/create"), 2, "the spent page is forgotten: {text}");
}

#[tokio::test]
async fn a_login_of_teller_connect_is_whole_when_it_is_killed_after_the_window() {
    let server = teller().await;
    let mut profile = Profile::new(&[("teller", &server)]);
    let connect =
        ["connect", "teller", "--field", "environment=sandbox", "--field", "application_id=app_1", "--format", "json"];
    let hold = server.hold("/accounts");
    let mut victim = profile.command(&connect).spawn().unwrap();
    let mut lines = BufReader::new(victim.stderr.take().unwrap()).lines();
    let url = loop {
        let line = lines.next_line().await.unwrap().expect("it prints the address");
        if line.starts_with("http://127.0.0.1:") {
            break line;
        }
    };
    let (origin, path) = url.rsplit_once('/').unwrap();
    let host = origin.trim_start_matches("http://");
    let body = "access_token=canary-token&enrollment_id=enr_1";
    let request = format!(
        "POST /{path} HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    assert!(reply.contains("You are logged in"), "{reply}");
    hold.reached().await;
    victim.kill().await.unwrap();
    hold.release();
    // The window has shown that the login is stored, so it is: no second window.
    let (code, text) = ends(&mut profile, &connect, &[]).await;
    assert!(code == Some(0) && !text.contains("http://127.0.0.1:"), "{text}");
    assert!(server.asked().iter().all(|asked| asked.header("authorization").is_some()));
    is_whole(&mut profile, 2, 0).await;
}

/// Killed while its login is renewed: whether the provider has carried the renewal out or not, rows are whole and come once, and
/// a new login goes on with the same connection.
#[tokio::test]
async fn a_renewal_of_a_login_is_whole_wherever_it_is_killed() {
    for is_carried_out in [false, true] {
        let (fake, server) = FakeSchwab::start().await;
        fake.are_short.store(true, SeqCst);
        let mut profile = Profile::new(&[("schwab", &server)]);
        let fields = ["--field-env", "app_key=KEY", "--field-env", "app_secret=SECRET", "--format", "json"];
        let log_in = async |profile: &Profile, command: &[&str]| {
            let mut child = profile.command(&[command, &fields].concat()).stdin(Stdio::piped()).spawn().unwrap();
            let output = paste_address(&mut child, &server).await;
            assert_eq!(child.wait().await.unwrap().code(), Some(0), "{command:?}: {output}");
        };
        log_in(&profile, &["connect", "schwab"]).await;
        let rows = profile.list(&["transactions"]).await;
        if !is_carried_out {
            fake.troubles.plan(TOKEN, [Answer::Silence]);
        }
        killed_at(&server, TOKEN, &profile, &["sync", "--force"], &[]).await;
        fake.are_short.store(false, SeqCst);
        assert_eq!(profile.list(&["transactions"]).await, rows);
        let output = profile.run(&["sync", "--force", "--format", "json"]).await;
        if is_carried_out {
            // Its token was spent by the program that was killed.
            assert_eq!(output.status.code(), Some(1));
            assert_eq!(profile.list(&["connections"]).await[0]["status"], "expired");
            log_in(&profile, &["reconnect", "1"]).await;
        } else {
            assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        }
        is_whole(&mut profile, 2, rows.as_array().unwrap().len()).await;
    }
}
