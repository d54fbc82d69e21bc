//! The event loop: waits for a message, handles all that are there, draws once.
//!
//! Generic over the terminal and its input, so that tests run the complete application. INVARIANT: an idle program does
//! nothing; a timer exists only while something on screen is about to change.

mod backend;
mod effects;
mod encoder;
mod figures;
mod input;
mod pace;
mod sequence;
mod sgr;
mod shift;
mod terminal;

use std::{fmt, future::poll_fn, task::Poll};

use crossterm::event::{Event as Input, MouseButton, MouseEventKind};
use futures_util::{Stream, StreamExt as _};
use ratatui::{
    Terminal,
    backend::Backend,
    layout::{Position, Rect},
};
use tokio::{sync::mpsc, time::Instant};

pub(crate) use backend::LeanBackend;
pub(crate) use pace::FramePace;
use pace::Later;
pub use terminal::{SystemHost, TerminalClipboard, terminal_size};

use crate::{
    config::Screen,
    ledger::Ledger,
    sync::EventStream,
    tui::{
        action::Keymap,
        app::App,
        component::{
            hit::{ClickTarget, ViewMemory},
            toast::Level,
        },
        env::{Env, Settings},
        msg::{Effect, Msg, WorkerAnswer},
        snapshot::LedgerSnapshot,
        update::update,
        view::view,
    },
};

/// The terminal of the loop.
pub trait Host {
    /// The stream of input events.
    type Input: Stream<Item = std::io::Result<Input>> + Unpin;

    /// Starts to listen. The loop drops the stream before it suspends.
    fn input(&mut self) -> Self::Input;

    /// Waits until the process is asked to end.
    fn ended(&mut self) -> impl Future<Output = ()>;

    /// Restores the terminal, stops the process, and takes the terminal again when the shell continues it.
    fn suspend(&mut self) -> std::io::Result<()>;

    /// Gives the terminal to a program of the shell until it ends, and takes it again.
    fn shell(&mut self, command: &str, variables: &[(String, String)]) -> std::io::Result<()>;

    /// Whether there still is a terminal to write to.
    fn is_there(&self) -> bool {
        true
    }

    /// Called around the drawing of a frame, so that the terminal shows it in one piece.
    fn frame(&mut self, _begins: bool) -> std::io::Result<()> {
        Ok(())
    }
}

/// Why the program could not start or go on.
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

/// The application, its terminal and its inputs.
pub struct Runtime<B: Backend, H: Host> {
    terminal: Terminal<B>,
    host: H,
    input: Option<H::Input>,
    app: App,
    memory: ViewMemory,
    env: Env,
    ledger: Ledger,
    events: EventStream,
    answers: mpsc::UnboundedReceiver<WorkerAnswer>,
    answer: mpsc::UnboundedSender<WorkerAnswer>,
    /// Effects of workers that have not answered yet.
    outstanding: usize,
    pace: FramePace,
}

impl<B: Backend, H: Host> Runtime<B, H> {
    /// Reads the data of the first frame.
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
        let snapshot = LedgerSnapshot::load(&ledger, settings.as_of, env.clock.today())
            .map_err(|error| ScreenError::Store(error.to_string()))?;
        let events = env.engine.subscribe();
        let (app, effects) = App::new(snapshot, settings, keymap, &env);
        let (answer, answers) = mpsc::unbounded_channel();
        let input = Some(host.input());
        let memory = ViewMemory::default();
        let pace = FramePace::default();
        let mut runtime =
            Self { terminal, host, input, app, memory, env, ledger, events, answers, answer, outstanding: 0, pace };
        let size = runtime.terminal.size().map_err(ScreenError::terminal)?;
        runtime.take(Msg::Resize(Rect::new(0, 0, size.width, size.height)))?;
        runtime.perform(effects)?;
        Ok(runtime)
    }

    /// With a backend that may hold back parts of a frame.
    pub(crate) fn paced(self, pace: FramePace) -> Self {
        Self { pace, ..self }
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
            if !self.app.quitting {
                self.draw()?;
            }
        }
        Ok(())
    }

    /// Ends the program: the cursor is shown again, unless the terminal is gone.
    pub fn close(self) {
        let Self { mut terminal, host, .. } = self;
        if terminal.show_cursor().is_err() {
            // Its drop would try again and print the error to a terminal that is gone.
            std::mem::forget(terminal);
        }
        drop(host);
    }

    /// Waits for one message and handles it.
    async fn step(&mut self) -> Result<(), ScreenError> {
        let wake = self.app.wake_at().map(|at| (at - self.env.clock.now()).to_std().unwrap_or_default());
        let sleep = async {
            match wake {
                Some(duration) => tokio::time::sleep(duration).await,
                None => std::future::pending().await,
            }
        };
        let rest = self.pace.rest_at();
        let rest = async {
            match rest {
                Some(at) => tokio::time::sleep_until(at).await,
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
            () = rest => {
                self.app.dirty = true;
                None
            }
        };
        msg.map_or(Ok(()), |msg| self.take(msg))
    }

    /// Handles all messages that are there already.
    async fn drain(&mut self) -> Result<(), ScreenError> {
        self.drain_answers()?;
        while !self.app.quitting {
            // Polled with the waker of the task: an input wakes the last one that polled, so another waker would leave the
            // loop asleep.
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

    /// Handles the messages of the engine and the workers that are there already.
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
                Effect::Shell { command, variables } => {
                    self.input = None;
                    let result = self.host.shell(&command, &variables);
                    self.input = Some(self.host.input());
                    self.clear()?;
                    self.app.dirty = true;
                    if let Err(error) = result {
                        self.app.toast(Level::Error, format!("The command failed: {error}"));
                    }
                }
                Effect::Send(command) => self.env.engine.send(command),
                other => {
                    self.outstanding += effects::start(other, &self.app, &self.env, &self.ledger, &self.answer);
                }
            }
        }
        Ok(())
    }

    /// Empties the terminal, so that the next frame is drawn whole. `Terminal::clear` would query the cursor position,
    /// and the input stream would read the answer as keys.
    fn clear(&mut self) -> Result<(), ScreenError> {
        let size = self.terminal.size().map_err(ScreenError::terminal)?;
        self.app.size = Rect::new(0, 0, size.width, size.height);
        self.terminal.resize(self.app.size).map_err(ScreenError::terminal)
    }

    fn draw(&mut self) -> Result<(), ScreenError> {
        if !std::mem::take(&mut self.app.dirty) {
            return Ok(());
        }
        let (app, memory, pace) = (&self.app, &mut self.memory, &self.pace);
        let begun = self.host.frame(true);
        let (before, now) = (Shown { beside: memory.beside, cursor: memory.cursor }, Instant::now());
        let drawn = self.terminal.draw(|frame| {
            view(app, memory, frame);
            pace.allow(later(memory, &before, frame.area()), now);
        });
        let drawn = drawn.map(|_| ());
        pace.drawn(Instant::now());
        let ended = self.host.frame(false);
        let result = begun.map_err(ScreenError::terminal).and(drawn.map_err(ScreenError::terminal));
        match result.and(ended.map_err(ScreenError::terminal)) {
            // A terminal that goes away ends the program like a closed window: cleanly, and without a message.
            Err(_) if !self.host.is_there() => {
                self.app.quitting = true;
                Ok(())
            }
            result => result,
        }
    }
}

/// For tests: the application driven by hand.
impl<B: Backend, H: Host> Runtime<B, H> {
    /// Handles one event of the terminal and draws.
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

    /// Waits until the engine and the workers are idle and all their messages are handled, and draws.
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

    /// Draws every cell again.
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

/// Parts of the frame before.
struct Shown {
    /// The detail beside a list, and its screen.
    beside: Option<(Screen, Rect)>,
    /// The text cursor.
    cursor: Option<Position>,
}

/// The areas of a frame that may come later: the detail beside the list if it was there before, and the lower half of the
/// screen while something is typed above it.
fn later(memory: &ViewMemory, before: &Shown, screen: Rect) -> Later {
    let beside = memory.beside.filter(|_| memory.beside == before.beside).map(|(_, area)| area);
    let half = screen.height / 2;
    let cursor = memory.cursor.filter(|cursor| before.cursor.is_some() && cursor.y < half);
    let end = cursor.map(|_| Rect { y: half, height: screen.height - half, ..screen });
    Later { beside, end }
}

/// The message of a terminal event, given the click targets of the last frame.
fn read(input: &Input, memory: &ViewMemory, mouse: bool) -> Option<Msg> {
    match input {
        Input::Key(key) => Some(Msg::Key(*key)),
        Input::Paste(text) => Some(Msg::Paste(text.clone())),
        Input::Resize(width, height) => Some(Msg::Resize(Rect::new(0, 0, *width, *height))),
        Input::Mouse(event) if mouse => {
            let target = memory.target_at(event.column, event.row)?;
            match event.kind {
                MouseEventKind::Down(MouseButton::Left) if target != ClickTarget::Nothing => Some(Msg::Click(target)),
                MouseEventKind::ScrollDown => Some(Msg::Scroll(target, 3)),
                MouseEventKind::ScrollUp => Some(Msg::Scroll(target, -3)),
                _ => None,
            }
        }
        Input::Mouse(_) | Input::FocusGained | Input::FocusLost => None,
    }
}
