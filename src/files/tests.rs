use std::os::unix::fs::symlink;

use super::*;

struct Bench(tempfile::TempDir);

impl Bench {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A link to a file, a link to nothing, a pipe, a folder and a device.
    fn refused(&self) -> Vec<PathBuf> {
        fs::write(self.at("target"), b"theirs").unwrap();
        symlink(self.at("target"), self.at("link")).unwrap();
        symlink(self.at("nothing"), self.at("dangling")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(self.at("pipe")).status().unwrap().success());
        fs::create_dir(self.at("folder")).unwrap();
        ["link", "dangling", "pipe", "folder"]
            .map(|name| self.at(name))
            .into_iter()
            .chain([PathBuf::from("/dev/null")])
            .collect()
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn links_pipes_folders_and_devices_are_refused_without_waiting() {
    let bench = Bench::new();
    for path in bench.refused() {
        assert!(create(&path).is_err(), "create {path:?}");
        assert!(open(&path).is_err(), "open {path:?}");
        assert!(open_or_create(&path).is_err(), "open_or_create {path:?}");
        assert!(append(&path).is_err(), "append {path:?}");
        assert!(check_place(&path).is_err(), "check_place {path:?}");
        assert_eq!(open_to_read(&path).is_ok(), path.ends_with("link"), "a named file may be a link: {path:?}");
    }
    assert_eq!(fs::read(bench.at("target")).unwrap(), b"theirs");
    assert!(!bench.at("nothing").exists());
}

#[test]
fn files_and_folders_are_private() {
    let bench = Bench::new();
    let path = bench.at("new/deep/file");
    create_folders(path.parent().unwrap()).unwrap();
    drop(create(&path).unwrap());
    assert_eq!((mode(&path), mode(path.parent().unwrap()), mode(&bench.at("new"))), (0o600, 0o700, 0o700));
    for opened in [open, open_or_create, append] {
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        assert_eq!(privacy_of(&path).unwrap(), Privacy::Shared);
        drop(opened(&path).unwrap());
        assert_eq!(privacy_of(&path).unwrap(), Privacy::Private);
    }
    assert_eq!(create(&path).unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert_eq!(create_folder(&bench.at("new")).unwrap_err().kind(), ErrorKind::AlreadyExists);
}

#[test]
fn a_file_is_replaced_as_a_whole_and_a_link_is_not_followed() {
    let bench = Bench::new();
    let path = bench.at("made/file");
    write_new(&path, b"one").unwrap();
    assert_eq!(write_new(&path, b"two").unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert_eq!(fs::read(&path).unwrap(), b"one");
    replace(&path, b"three").unwrap();
    assert_eq!((fs::read(&path).unwrap(), mode(&path)), (b"three".to_vec(), 0o600));
    fs::write(bench.at("target"), b"theirs").unwrap();
    symlink(bench.at("target"), bench.at("made/link")).unwrap();
    replace(&bench.at("made/link"), b"ours").unwrap();
    assert_eq!(fs::read(bench.at("target")).unwrap(), b"theirs");
    let names: Vec<_> = fs::read_dir(bench.at("made")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "no draft is left: {names:?}");
}

#[test]
fn a_longer_file_is_refused() {
    let bench = Bench::new();
    fs::write(bench.at("file"), b"12345").unwrap();
    assert_eq!(read_text(&bench.at("file"), 5).unwrap(), "12345");
    assert!(read_text(&bench.at("file"), 4).is_err());
    fs::write(bench.at("file"), [0xff]).unwrap();
    assert_eq!(read_text(&bench.at("file"), 4).unwrap_err().kind(), ErrorKind::InvalidData);
}
