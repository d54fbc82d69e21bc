//! The loop: waits for something, takes in all there is, draws once.
//!
//! Generic over the terminal and its input, so that tests run the complete application. INVARIANT: nothing runs while
//! nothing happens; a timer exists only while something on screen is about to change by itself.

mod effects;
mod terminal;

use std::{fmt, future::poll_fn, task::Poll};

use crossterm::event::{Event as Input, MouseButton, MouseEventKind};
use futures_util::{Stream, StreamExt as _};
use ratatui::{Terminal, backend::Backend, layout::Rect};
use tokio::sync::mpsc;

pub use terminal::{SystemHost, TerminalClipboard, terminal_size};

use crate::{
    ledger::Ledger,
    sync::EventStream,
    tui::{
        action::Keymap,
        app::App,
        component::hit::{Target, ViewMemory},
        env::{Env, Settings},
        msg::{Effect, Loaded, Msg},
        snapshot::LedgerSnapshot,
        update::update,
        view::view,
    },
};

/// The terminal as the loop needs it.
pub trait Host {
    /// Where keys come from.
    type Input: Stream<Item = std::io::Result<Input>> + Unpin;

    /// Begins to listen. The loop drops the stream before it suspends.
    fn input(&mut self) -> Self::Input;

    /// Waits until the process is asked to end.
    fn ended(&mut self) -> impl Future<Output = ()>;

    /// Gives the terminal back, stops the process, and takes the terminal again when the shell continues it.
    fn suspend(&mut self) -> std::io::Result<()>;
}

/// Why the screen could not open or go on.
#[derive(Debug, thiserror::Error)]
pub enum ScreenError {
    /// The store could not be read at the start.
    #[error("{0}")]
    Store(String),
    /// The terminal refused.
    #[error("the terminal failed: {0}")]
    Terminal(String),
}

impl ScreenError {
    fn terminal(error: impl fmt::Display) -> Self {
        Self::Terminal(error.to_string())
    }
}

/// The application, its terminal and everything that feeds it.
pub struct Runtime<B: Backend, H: Host> {
    terminal: Terminal<B>,
    host: H,
    input: Option<H::Input>,
    app: App,
    memory: ViewMemory,
    env: Env,
    ledger: Ledger,
    events: EventStream,
    answers: mpsc::UnboundedReceiver<Loaded>,
    answer: mpsc::UnboundedSender<Loaded>,
    /// Effects given to workers whose answer is not there yet.
    outstanding: usize,
}

impl<B: Backend, H: Host> Runtime<B, H> {
    /// Reads what the first frame needs.
    ///
    /// # Errors
    /// When the store can't be read or the terminal has no size.
    pub fn new(
        terminal: Terminal<B>,
        mut host: H,
        ledger: Ledger,
        env: Env,
        settings: Settings,
        keymap: Keymap,
    ) -> Result<Self, ScreenError> {
        let snapshot =
            LedgerSnapshot::load(&ledger, env.clock.today()).map_err(|error| ScreenError::Store(error.to_string()))?;
        let events = env.engine.subscribe();
        let (app, effects) = App::new(snapshot, settings, keymap, &env);
        let (answer, answers) = mpsc::unbounded_channel();
        let input = Some(host.input());
        let memory = ViewMemory::default();
        let mut runtime =
            Self { terminal, host, input, app, memory, env, ledger, events, answers, answer, outstanding: 0 };
        let size = runtime.terminal.size().map_err(ScreenError::terminal)?;
        runtime.take(Msg::Resize(Rect::new(0, 0, size.width, size.height)))?;
        runtime.perform(effects)?;
        Ok(runtime)
    }

    /// Runs until the user quits or the process is asked to end.
    ///
    /// # Errors
    /// When the terminal fails.
    pub async fn run(&mut self) -> Result<(), ScreenError> {
        self.draw()?;
        while !self.app.quitting {
            self.step().await?;
            self.drain().await?;
            self.draw()?;
        }
        Ok(())
    }

    /// Waits for one thing and takes it in.
    async fn step(&mut self) -> Result<(), ScreenError> {
        let wake = self.app.wake_at().map(|at| (at - self.env.clock.now()).to_std().unwrap_or_default());
        let sleep = async {
            match wake {
                Some(duration) => tokio::time::sleep(duration).await,
                None => std::future::pending().await,
            }
        };
        let input = async {
            match &mut self.input {
                Some(input) => input.next().await,
                None => std::future::pending().await,
            }
        };
        let msg = tokio::select! {
            biased;
            () = self.host.ended() => Some(Msg::Stop),
            event = self.events.next() => event.map(Msg::Engine),
            answer = self.answers.recv() => answer.map(Msg::Loaded),
            input = input => match input {
                Some(Ok(input)) => read(&input, &self.memory, self.app.settings.mouse),
                // The terminal is gone.
                Some(Err(_)) | None => Some(Msg::Stop),
            },
            () = sleep => Some(Msg::Wake),
        };
        msg.map_or(Ok(()), |msg| self.take(msg))
    }

    /// Takes in all that is there already.
    async fn drain(&mut self) -> Result<(), ScreenError> {
        self.drain_answers()?;
        while !self.app.quitting {
            // Polled with the task's own waker: crossterm wakes whoever polled last, so a look with another one would
            // leave the loop asleep.
            let ready = poll_fn(|context| {
                Poll::Ready(self.input.as_mut().map_or(Poll::Pending, |input| input.poll_next_unpin(context)))
            });
            let msg = match ready.await {
                Poll::Ready(Some(Ok(input))) => read(&input, &self.memory, self.app.settings.mouse),
                Poll::Ready(Some(Err(_)) | None) => Some(Msg::Stop),
                Poll::Pending => break,
            };
            if let Some(msg) = msg {
                self.take(msg)?;
                self.drain_answers()?;
            }
        }
        Ok(())
    }

    /// Takes in what the engine and workers have said already.
    fn drain_answers(&mut self) -> Result<(), ScreenError> {
        while !self.app.quitting {
            let event = self.events.try_next().map(Msg::Engine);
            let Some(msg) = event.or_else(|| self.answers.try_recv().ok().map(Msg::Loaded)) else { break };
            self.take(msg)?;
        }
        Ok(())
    }

    fn take(&mut self, msg: Msg) -> Result<(), ScreenError> {
        if matches!(msg, Msg::Loaded(_)) {
            self.outstanding = self.outstanding.saturating_sub(1);
        }
        let effects = update(&mut self.app, msg, &self.env);
        self.perform(effects)
    }

    fn perform(&mut self, effects: Vec<Effect>) -> Result<(), ScreenError> {
        for effect in effects {
            match effect {
                Effect::Quit => self.app.quitting = true,
                Effect::Redraw => self.clear()?,
                Effect::Suspend => {
                    self.input = None;
                    let result = self.host.suspend();
                    self.input = Some(self.host.input());
                    result.map_err(ScreenError::terminal)?;
                    self.clear()?;
                    self.app.dirty = true;
                }
                Effect::Send(command) => self.env.engine.send(command),
                other => {
                    self.outstanding += effects::start(other, &self.app, &self.env, &self.ledger, &self.answer);
                }
            }
        }
        Ok(())
    }

    /// Empties the terminal, so that the next frame is drawn whole. `Terminal::clear` would ask where the cursor is,
    /// and the answer would be read as keys by the stream of input.
    fn clear(&mut self) -> Result<(), ScreenError> {
        let size = self.terminal.size().map_err(ScreenError::terminal)?;
        self.app.size = Rect::new(0, 0, size.width, size.height);
        self.terminal.resize(self.app.size).map_err(ScreenError::terminal)
    }

    fn draw(&mut self) -> Result<(), ScreenError> {
        if !std::mem::take(&mut self.app.dirty) {
            return Ok(());
        }
        let (app, memory) = (&self.app, &mut self.memory);
        self.terminal.draw(|frame| view(app, memory, frame)).map_err(ScreenError::terminal)?;
        Ok(())
    }
}

/// For tests: the application driven by hand.
impl<B: Backend, H: Host> Runtime<B, H> {
    /// Takes in one event of the terminal and draws.
    ///
    /// # Errors
    /// When the terminal fails.
    pub fn feed(&mut self, input: &Input) -> Result<(), ScreenError> {
        self.drain_answers()?;
        self.draw()?;
        if let Some(msg) = read(input, &self.memory, self.app.settings.mouse) {
            self.take(msg)?;
        }
        self.drain_answers()?;
        self.draw()
    }

    /// Lets timers fire that are due by the clock, and draws.
    ///
    /// # Errors
    /// When the terminal fails.
    pub fn wake(&mut self) -> Result<(), ScreenError> {
        if self.app.wake_at().is_some_and(|at| at <= self.env.clock.now()) {
            self.take(Msg::Wake)?;
        }
        self.draw()
    }

    /// Whether a timer would run now.
    #[must_use]
    pub fn is_waiting_for_time(&self) -> bool {
        self.app.wake_at().is_some()
    }

    /// Waits until neither the engine nor a worker has anything left to say, and draws.
    ///
    /// # Errors
    /// When the terminal fails.
    pub async fn idle(&mut self) -> Result<(), ScreenError> {
        loop {
            self.drain_answers()?;
            if self.outstanding > 0 {
                let answer = tokio::select! {
                    biased;
                    event = self.events.next() => event.map(Msg::Engine),
                    answer = self.answers.recv() => answer.map(Msg::Loaded),
                };
                answer.map_or(Ok(()), |msg| self.take(msg))?;
                continue;
            }
            self.env.engine.idle().await;
            match self.events.try_next() {
                Some(event) => self.take(Msg::Engine(event))?,
                None => break,
            }
        }
        self.draw()
    }

    /// Draws every cell afresh.
    ///
    /// # Errors
    /// When the terminal fails.
    pub fn repaint(&mut self) -> Result<(), ScreenError> {
        self.perform(vec![Effect::Redraw])?;
        self.app.dirty = true;
        self.draw()
    }

    /// The terminal drawn on.
    pub fn backend_mut(&mut self) -> &mut B {
        self.terminal.backend_mut()
    }

    /// Whether the application has ended.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        self.app.quitting
    }
}

/// What an event of the terminal means, given what was drawn where.
fn read(input: &Input, memory: &ViewMemory, mouse: bool) -> Option<Msg> {
    match input {
        Input::Key(key) => Some(Msg::Key(*key)),
        Input::Paste(text) => Some(Msg::Paste(text.clone())),
        Input::Resize(width, height) => Some(Msg::Resize(Rect::new(0, 0, *width, *height))),
        Input::Mouse(event) if mouse => {
            let target = memory.target_at(event.column, event.row)?;
            match event.kind {
                MouseEventKind::Down(MouseButton::Left) if target != Target::Nothing => Some(Msg::Click(target)),
                MouseEventKind::ScrollDown => Some(Msg::Scroll(target, 3)),
                MouseEventKind::ScrollUp => Some(Msg::Scroll(target, -3)),
                _ => None,
            }
        }
        Input::Mouse(_) | Input::FocusGained | Input::FocusLost => None,
    }
}
