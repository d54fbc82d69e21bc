use std::sync::Arc;

use crossterm::event::Event as Input;
use ratatui::{Terminal, backend::TestBackend};

use super::*;
use crate::ports::fake::*;

struct NoHost;
impl Host for NoHost {
    type Input = futures_util::stream::Pending<std::io::Result<Input>>;
    fn input(&mut self) -> Self::Input {
        futures_util::stream::pending()
    }
    async fn ended(&mut self) {
        std::future::pending().await
    }
    fn suspend(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn look() {
    let Ok(script) = std::env::var("LOOK") else { return };
    let env = Env {
        clock: Arc::new(FakeClock::at("2026-11-20T15:00:00Z".parse().unwrap())),
        browser: Arc::new(FakeBrowser::default()),
        clipboard: Arc::new(FakeClipboard::default()),
        engine: data::Handle::default(),
        folders: Folders { home: Some("/root".into()), start: "/work/shared/data/ofx".into(), recent: None },
        local_time: |at| at.naive_utc(),
    };
    for part in script.split(';') {
        let (size, keys) = part.split_once(':').unwrap();
        let (w, h) = size.split_once('x').unwrap();
        let terminal = Terminal::new(TestBackend::new(w.parse().unwrap(), h.parse().unwrap())).unwrap();
        let mut runtime =
            Runtime::new(terminal, NoHost, data::stub::sample(), env.clone(), Settings::default()).unwrap();
        runtime.idle().await.unwrap();
        for key in parse_keys(keys) {
            runtime.feed(&Input::Key(key)).unwrap();
            runtime.idle().await.unwrap();
        }
        println!("=== {part}\n{}", runtime.backend_mut());
    }
}
