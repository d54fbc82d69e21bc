//! Opening an address in the user's browser.

use std::process::{Command, Stdio};

/// The user's browser.
pub trait Browser: Send + Sync {
    /// Shows an address. Success means that a browser was started, not that the page was seen.
    fn open(&self, url: &str) -> Result<(), BrowserError>;
}

/// No browser was started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrowserError {
    /// Only web addresses are handed to a browser.
    #[error("only http and https addresses are opened in a browser")]
    NotWeb,
    /// Every way to start one failed.
    #[error("no browser could be started ({reason}); open the address by hand")]
    NotStarted {
        /// The system error.
        reason: String,
    },
}

/// The command of the variable `BROWSER` where it is set, else the opener of the desktop.
#[derive(Debug, Clone, Default)]
pub struct SystemBrowser {
    commands: Vec<Vec<String>>,
}

impl SystemBrowser {
    /// `variable` is the value of `BROWSER`: commands separated by colons, tried in order; `%s` is replaced by the
    /// address, which otherwise comes last.
    #[must_use]
    pub fn new(variable: Option<&str>) -> Self {
        let commands = variable
            .unwrap_or_default()
            .split(':')
            .map(|command| command.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
            .filter(|command| !command.is_empty())
            .collect();
        Self { commands }
    }
}

impl Browser for SystemBrowser {
    fn open(&self, url: &str) -> Result<(), BrowserError> {
        if !is_web(url) {
            return Err(BrowserError::NotWeb);
        }
        if self.commands.is_empty() {
            return open::that_detached(url).map_err(|error| BrowserError::NotStarted { reason: error.to_string() });
        }
        let mut reason = String::new();
        for command in &self.commands {
            let arguments = arguments(command, url);
            match start(&arguments) {
                Ok(()) => return Ok(()),
                Err(error) => reason = format!("{}: {error}", arguments[0]),
            }
        }
        Err(BrowserError::NotStarted { reason })
    }
}

/// Whether an address may be opened in a browser. Programs that open files must not get anything else.
fn is_web(url: &str) -> bool {
    let has_scheme = |scheme: &str| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    (has_scheme("https://") || has_scheme("http://")) && !url.chars().any(|c| c.is_control() || c.is_whitespace())
}

fn arguments(command: &[String], url: &str) -> Vec<String> {
    let mut arguments: Vec<String> = command.iter().map(|part| part.replace("%s", url)).collect();
    if !command.iter().any(|part| part.contains("%s")) {
        arguments.push(url.to_owned());
    }
    arguments
}

/// Starts a program with no hold on the terminal, and waits for it on a thread so that no zombie stays.
fn start(arguments: &[String]) -> std::io::Result<()> {
    let mut child = Command::new(&arguments[0])
        .args(&arguments[1..])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    std::thread::Builder::new().name("browser".to_owned()).spawn(move || child.wait())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_is_split_into_commands() {
        let browser = SystemBrowser::new(Some("firefox --private %s: :w3m"));
        assert_eq!(arguments(&browser.commands[0], "https://a/"), ["firefox", "--private", "https://a/"]);
        assert_eq!(arguments(&browser.commands[1], "https://a/"), ["w3m", "https://a/"]);
        assert_eq!(browser.commands.len(), 2);
        assert!(SystemBrowser::new(None).commands.is_empty());
    }

    #[test]
    fn only_web_addresses_are_opened() {
        for url in ["file:///etc/passwd", "-h", "", "https", "https://a\nb", "javascript:alert(1)"] {
            assert_eq!(SystemBrowser::default().open(url), Err(BrowserError::NotWeb), "{url}");
        }
        assert!(is_web("HTTPS://a.example/"));
    }

    #[test]
    fn a_missing_browser_is_reported() {
        let browser = SystemBrowser::new(Some("/nonexistent/browser"));
        let error = browser.open("https://a.example/").unwrap_err().to_string();
        assert!(error.contains("/nonexistent/browser") && error.contains("by hand"), "{error}");
    }
}
