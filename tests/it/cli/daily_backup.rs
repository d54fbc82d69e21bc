//! The backup that is made without being asked for: when, how many, and that it restores as the profile was.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use chrono::{TimeDelta, Utc};

use crate::support::{harness::bank_statement, scripted::ScriptedProfile, terminal::Terminal};

/// Imports a statement of one row whose amount is `-{number}.00`.
fn import(profile: &ScriptedProfile, number: u32) {
    let text = bank_statement("12345678", &[("2026-10-01", &format!("-{number}.00"), "Bakery")], "100.00");
    profile.ok(&["import", &profile.file(&format!("{number}.ofx"), &text)]);
}

/// Finished backups of a profile, oldest first.
fn backups(profile: &ScriptedProfile) -> Vec<PathBuf> {
    files_of(Path::new(&profile.data()).join("backups"))
}

fn files_of(folder: PathBuf) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "redb"));
    files.sort();
    files
}

/// Gives the only backup the name of one that was made `hours` ago.
fn age(profile: &ScriptedProfile, hours: i64) -> PathBuf {
    let [file] = &backups(profile)[..] else { panic!("{:?}", backups(profile)) };
    let at = Utc::now() - TimeDelta::hours(hours);
    let aged = file.with_file_name(at.format("dashtam-%Y%m%dT%H%M%SZ.redb").to_string());
    fs::rename(file, &aged).unwrap();
    aged
}

#[test]
fn a_command_that_changes_a_profile_backs_it_up_once_a_day() {
    let profile = ScriptedProfile::new();
    import(&profile, 1);
    assert!(backups(&profile).is_empty(), "there was nothing to lose");
    import(&profile, 2);
    let exported = profile.ok(&["export", "--to", "json"]);
    assert_eq!(backups(&profile).len(), 1);
    profile.ok(&["transactions"]);
    import(&profile, 3);
    assert_eq!(backups(&profile).len(), 1, "one a day");
    let restored = ScriptedProfile::new();
    restored.ok(&["restore", backups(&profile)[0].to_str().unwrap()]);
    assert_eq!(restored.ok(&["export", "--to", "json"]), exported);

    let older = age(&profile, 23);
    import(&profile, 4);
    assert_eq!(backups(&profile), [older], "not a day old");
    let older = age(&profile, 25);
    profile.ok(&["accounts"]);
    assert_eq!(backups(&profile), std::slice::from_ref(&older), "a reading command makes none");
    import(&profile, 5);
    let kept = backups(&profile);
    assert_eq!((kept.len(), &kept[0]), (2, &older));
    let status = profile.json(&["doctor"]);
    assert!(status.to_string().contains("backup"), "{status}");
}

#[test]
fn no_backup_is_made_where_the_setting_is_off() {
    let profile = ScriptedProfile::new();
    let config = profile.file("config.toml", "[backup]\ndaily = false\n");
    for number in [1, 2] {
        let text = bank_statement("12345678", &[("2026-10-01", &format!("-{number}.00"), "Bakery")], "100.00");
        profile.ok(&["--config", &config, "import", &profile.file(&format!("{number}.ofx"), &text)]);
    }
    assert!(backups(&profile).is_empty());
}

#[test]
fn the_screen_backs_up_what_it_finds_and_commands_beside_it_back_up_what_it_shows() {
    let profile = ScriptedProfile::new();
    import(&profile, 1);
    let exported = profile.ok(&["export", "--to", "json"]);
    let folder = tempfile::tempdir().unwrap();
    fs::copy(Path::new(&profile.data()).join("dashtam.redb"), folder.path().join("dashtam.redb")).unwrap();
    let mut screen = Terminal::start_in(folder, &[]);
    let data = screen.profile.path().to_owned();
    screen.until_text("1 Overview");
    let waiting = Instant::now();
    while files_of(data.join("backups")).is_empty() {
        assert!(waiting.elapsed() < Duration::from_secs(60), "no backup");
        screen.press("?\u{1b}");
        std::thread::yield_now();
    }
    let made = files_of(data.join("backups")).remove(0);
    let by_command = profile.folder.path().join("beside.redb");
    profile.ok(&["--data-dir", data.to_str().unwrap(), "backup", by_command.to_str().unwrap()]);
    for backup in [made, by_command] {
        let restored = ScriptedProfile::new();
        restored.ok(&["restore", backup.to_str().unwrap()]);
        assert_eq!(restored.ok(&["export", "--to", "json"]), exported, "{}", backup.display());
    }
    screen.press("\u{3}");
    assert_eq!(screen.ended(), 0);
}
