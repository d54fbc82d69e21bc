//! Kinds of failure, as scripts see them.

use super::vocabulary;

vocabulary! {
    /// Kind of a failure: the `kind` of the JSON error object, and through [`FailureKind::exit_code`] the exit code.
    pub enum FailureKind {
        AlreadyConnected = "already_connected",
        Ambiguous = "ambiguous",
        Authentication = "authentication",
        Cancelled = "cancelled",
        CannotRedo = "cannot_redo",
        CannotUndo = "cannot_undo",
        /// The reader of standard output is gone: `dashtam transactions | head`. Not reported.
        ClosedPipe = "closed_pipe",
        Config = "config",
        DifferentLogin = "different_login",
        EmptyFile = "empty_file",
        Forbidden = "forbidden",
        /// A mistake in the program.
        Internal = "internal",
        InvalidResponse = "invalid_response",
        Io = "io",
        LoginExpired = "login_expired",
        LoginFailed = "login_failed",
        Network = "network",
        NoAccount = "no_account",
        NoCredentials = "no_credentials",
        NotConfigured = "not_configured",
        NotFound = "not_found",
        /// The connection has statement files and nothing to sync.
        NotLive = "not_live",
        NothingToRedo = "nothing_to_redo",
        NothingToUndo = "nothing_to_undo",
        PaymentRequired = "payment_required",
        /// A question is open; nothing was written.
        Question = "question",
        RateLimited = "rate_limited",
        /// The institution wrote an error into its statement file.
        Refused = "refused",
        Revoked = "revoked",
        Screen = "screen",
        SeveralAccounts = "several_accounts",
        /// The engine stopped before the work was done.
        Stopped = "stopped",
        Store = "store",
        TooLarge = "too_large",
        TooLong = "too_long",
        Unavailable = "unavailable",
        Unreadable = "unreadable",
        UnsupportedFormat = "unsupported_format",
        /// The command line is wrong.
        Usage = "usage",
        /// An answer to a provider's field is wrong.
        Validation = "validation",
        Vault = "vault",
        /// The vault needs a passphrase.
        VaultLocked = "vault_locked",
        /// The connection or account is in a state that does not allow this.
        WrongState = "wrong_state",
    }
}

impl FailureKind {
    /// Exit code of a command that fails this way: 1 failed, 2 wrong usage, 4 a question is open.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::ClosedPipe => 0,
            Self::Usage => 2,
            Self::Question => 4,
            _ => 1,
        }
    }

    /// Whether opening the vault failed.
    #[must_use]
    pub const fn is_vault(self) -> bool {
        matches!(self, Self::Vault | Self::VaultLocked)
    }
}
