//! Tests of reading settings, environment and places.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use super::{
    environment::{EnvironmentError, origin},
    parse::ParsedConfig,
    *,
};
use crate::ports::VaultChoice;

fn errors(text: &str) -> Vec<String> {
    Config::parse(text).unwrap_err().iter().map(ToString::to_string).collect()
}

fn warnings(text: &str) -> Vec<String> {
    Config::parse(text).unwrap().warnings.iter().map(ToString::to_string).collect()
}

#[test]
fn the_documented_file_is_valid_and_states_the_defaults() {
    let documented = Config::documented();
    assert_eq!(Config::parse(&documented).unwrap(), ParsedConfig::default());
    let mut uncommented = String::new();
    for line in documented.lines() {
        let setting = line.strip_prefix("# ").filter(|rest| {
            SETTINGS.iter().any(|setting| rest.strip_prefix(setting.key).is_some_and(|rest| rest.starts_with(" = ")))
        });
        uncommented.push_str(setting.unwrap_or(line));
        uncommented.push('\n');
    }
    assert_eq!(Config::parse(&uncommented).unwrap(), ParsedConfig::default());
    for setting in SETTINGS {
        assert!(uncommented.contains(&format!("\n{} = ", setting.key)), "{}", setting.key);
    }
}

#[test]
fn a_shown_configuration_reads_back_equal() {
    let text = "[screen]\ntheme = \"light\"\nstart = \"activity\"\nmouse = false\nprivacy = true\n[import]\nbytes = \"64 MB\"\n\
                rows = 5\n[sync]\nevery = \"90s\"\non_start = false\noverlap_days = 0\n[vault]\nkind = \"passphrase\"\n\
                lock_after = \"off\"\n[log]\nlevel = \"trace\"\n[keys]\nquit = [\"ctrl-x\", \"f10\"]\nundo = []\n";
    let loaded = Config::parse(text).unwrap();
    assert!(loaded.warnings.is_empty());
    assert_eq!(loaded.config.import.bytes, 64_000_000);
    assert_eq!(loaded.config.sync.every, Duration::from_secs(90));
    assert_eq!(loaded.config.keys[0].keys, ["ctrl-x", "f10"]);
    let again = Config::parse(&loaded.config.show()).unwrap().config;
    let keys = |config: &Config| config.keys.iter().map(|b| (b.action.clone(), b.keys.clone())).collect::<Vec<_>>();
    assert_eq!(keys(&again), keys(&loaded.config));
    assert_eq!(Config { keys: Vec::new(), ..again }, Config { keys: Vec::new(), ..loaded.config });
}

#[test]
fn unknown_names_warn_with_their_line_and_the_rest_counts() {
    let text = "mouse = false\n[screen]\nthem = \"dark\"\ntheme = \"dark\"\n\n[sceen]\nx = 1\n";
    assert_eq!(Config::parse(text).unwrap().config.theme, Theme::Dark);
    assert_eq!(
        warnings(text),
        [
            "line 1: `mouse` is ignored: it belongs under [screen]",
            "line 3: `them` is unknown and ignored; [screen] has theme, start, mouse, theme_file, ascii, privacy",
            "line 6: the section [sceen] is unknown and ignored; there are [screen], [import], [sync], [vault], [backup], [log], [keys], [providers.SLUG]",
        ]
    );
}

#[test]
fn errors_name_every_line_and_what_is_allowed() {
    let text = "[screen]\ntheme = \"drak\"\nmouse = \"yes\"\n\n[sync]\nevery = \"6 fortnights\"\noverlap_days = 9999\n";
    assert_eq!(
        errors(text),
        [
            "line 2: screen.theme can't be \"drak\"; allowed: \"auto\", \"dark\", \"light\", \"contrast\", \"16\", \"mono\"",
            "line 3: screen.mouse can't be \"yes\"; allowed: true or false",
            "line 6: sync.every can't be \"6 fortnights\"; allowed: a duration such as \"90s\", \"15m\", \"6h\", \"2d\", or \"off\"",
            "line 7: sync.overlap_days can't be 9999; allowed: a whole number from 0 to 90",
        ]
    );
    assert!(errors("[screen]\n\ntheme = \n")[0].starts_with("line 3: "));
    assert!(errors("[keys]\nquit = 3")[0].contains("keys.quit can't be 3"));
    assert!(errors("[screen]\nmouse = true\nmouse = false")[0].starts_with("line 3: "));
}

#[test]
fn settings_of_providers_are_read_by_their_place() {
    let text = "[providers.schwab]\napp_key_file = \"keys/app\"\napp_secret_env = \"SECRET\"\nquery_id = 12\n\
                endpoint = \"http://127.0.0.1:1/\"\nrequests_per_day = 9\n";
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config.toml"), text).unwrap();
    let config = Config::load(&folder.path().join("config.toml")).unwrap().config;
    let schwab = &config.providers["schwab"];
    assert_eq!((schwab.endpoint.as_deref(), schwab.requests_per_day), (Some("http://127.0.0.1:1"), Some(9)));
    assert_eq!(schwab.value("query_id"), Some("12"));
    assert!(schwab.answers("app_key") && schwab.answers("app_secret") && schwab.value("app_key").is_none());
    assert_eq!(schwab.answers[0].source, AnswerSource::File(folder.path().join("keys/app")));
    let error = schwab.read_answers("schwab").unwrap_err().to_string();
    assert!(
        error.contains("line 2, providers.schwab.app_key_file") && error.contains("keys/app can't be read"),
        "{error}"
    );
    let again = Config::parse(&config.show()).unwrap().config.providers;
    assert_eq!(again["schwab"].answers.len(), 3);
    assert_eq!(
        errors("[providers]\nalpaca = 3\n[providers.schwab]\nendpoint = \"http://a.example\"\nrequests_per_day = 0\napp_key_file = \"\"\n")
            .iter()
            .map(|error| error.split(" can't").next().unwrap().to_owned())
            .collect::<Vec<_>>(),
        [
            "line 2: providers.alpaca must be a table: [providers.alpaca]",
            "line 4: providers.schwab.endpoint",
            "line 5: providers.schwab.requests_per_day",
            "line 6: providers.schwab.app_key_file must be a text that is not blank",
        ]
    );
}

#[test]
fn a_missing_file_means_defaults_and_a_broken_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    assert_eq!(Config::load(&file).unwrap(), ParsedConfig::default());
    std::fs::write(&file, "[screen]\nmouse = 3\n").unwrap();
    let error = Config::load(&file).unwrap_err().to_string();
    assert!(error.contains("config.toml has errors:\n  line 2: screen.mouse"), "{error}");
    std::fs::write(&file, vec![b' '; 2 << 20]).unwrap();
    assert!(Config::load(&file).unwrap_err().to_string().contains("1 MiB"));
}

fn environment(pairs: &[(&str, &str)]) -> Result<Environment, EnvironmentError> {
    Environment::from_variables(pairs.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))))
}

#[test]
fn the_environment_is_read_into_one_struct() {
    let read = environment(&[
        ("DASHTAM_VAULT", "memory"),
        ("DASHTAM_ENDPOINT_ALPACA", "http://127.0.0.1:8080/"),
        ("NO_COLOR", "1"),
        ("BROWSER", ""),
        ("HOME", "/nowhere"),
    ])
    .unwrap();
    assert_eq!(read.vault, Some(VaultChoice::Memory));
    assert_eq!(read.endpoints["alpaca"], "http://127.0.0.1:8080");
    assert!(read.no_color && read.browser.is_none());
    let error = environment(&[("DASHTAM_VAULT", "plain")]).unwrap_err().to_string();
    assert_eq!(error, "DASHTAM_VAULT can't be `plain`; allowed: auto, keyring, passphrase, memory");
}

#[test]
fn endpoints_are_https_or_on_this_machine() {
    for good in [
        "https://api.example.com",
        "https://api.example.com:8443/",
        "http://localhost:1",
        "http://[::1]:9000",
        "http://127.1.2.3",
        "HTTPS://A.example",
    ] {
        assert!(origin(good).is_some(), "{good}");
    }
    for bad in [
        "http://api.example.com",
        "http://10.0.0.1",
        "http://localhost.evil.example",
        "http://127.0.0.1@evil.example",
        "https://user:pass@a.example",
        "https://a.example/path",
        "https://a.example?x",
        "https://",
        "https://a:0",
        "https://a:99999",
        "ftp://a",
        "a.example",
        "http://[::2]",
        "https://a b",
    ] {
        assert_eq!(origin(bad), None, "{bad}");
        assert!(environment(&[("DASHTAM_ENDPOINT_X", bad)]).is_err(), "{bad}");
    }
}

#[test]
fn places_follow_flags_then_environment_then_xdg() {
    let environment = Environment { data_dir: Some("/env/data".into()), ..Environment::default() };
    let paths = Paths::find(&Overrides::default(), &environment).unwrap();
    assert_eq!(paths.database(), PathBuf::from("/env/data/dashtam.redb"));
    assert_eq!(paths.log(), PathBuf::from("/env/data/state/dashtam.log"));
    let overrides = Overrides {
        data_dir: Some("/flag".into()),
        config: Some("/flag.toml".into()),
        profile: Some("work".parse().unwrap()),
    };
    let paths = Paths::find(&overrides, &environment).unwrap();
    assert_eq!(paths.config, PathBuf::from("/flag.toml"));
    assert_eq!(paths.vault(), PathBuf::from("/flag/profiles/work/vault"));
    assert!(Paths::find(&Overrides::default(), &Environment::default()).unwrap().data.ends_with("dashtam"));
}

#[test]
fn profiles_are_plain_folder_names() {
    for bad in ["", "..", "a/b", "-x", "a b", "ü", &"x".repeat(33)] {
        assert!(bad.parse::<Profile>().is_err(), "{bad}");
    }
    assert!("2026_taxes-B".parse::<Profile>().is_ok());
}

#[test]
fn unknown_names_are_listed_with_the_errors() {
    let problems = Config::parse("[screen]\nprivcy = true\nmouse = 7\n").unwrap_err();
    assert_eq!(problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [2, 3], "{problems:?}");
}
