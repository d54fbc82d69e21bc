//! The parts of the rooms that the tests and benches of this repository use, below the paths of the crate. Nothing here is
//! stable.

pub mod columns {
    pub use crate::columns::{CHUNK_ROWS, ChunkBuilder, Columns};
}

pub mod config {
    pub use crate::config::{Config, LogLevel, ProviderSettings, Screen, UserCommand, open_log, report_panics};
}

pub mod demo {
    pub use crate::{
        cli::demo::{DemoProfile, fill_profile},
        demo::{batches, statements},
    };
}

pub mod domain {
    pub use crate::domain::{
        Account, AccountDraft, AccountId, AccountSigns, AccountType, AssetCode, AssetType, Capability, ChangeCounts,
        ChangeId, ChangeKind, Connection, ConnectionId, ConnectionStatus, Correction, Disposition, FailureKind,
        ForeignAmount, Holding, HoldingDraft, HoldingFacts, HoldingId, IdTrust, Kind, Money, PairStanding,
        ProviderCategory, ProviderError, ProviderErrorKind, RowPair, Security, Snapshot, SnapshotSource, Text,
        Transaction, TransactionDraft, TransactionFacts, TransactionId, TransactionStatus, TransactionSubtype,
        UserFields, Warning,
    };
    pub mod figures {
        pub use crate::domain::figures::{grouped, rounded};
    }
    pub mod text {
        pub use crate::domain::text::skeleton;
    }
}

pub mod ledger {
    pub use crate::ledger::{
        AccountLine, By, CashFlow, Daily, Every, Explainer, FlowSplit, Ledger, LedgerEntry, LedgerError, ListRequest,
        Period, Query, Sort, SortKey, Standing, View, aggregate, order, sums,
    };
    pub mod explain {
        pub use crate::ledger::explain::{BalancePart, Figure, Node, NodeKind, SourcePlace, place_in_reply};
    }
    pub mod daily {
        pub use crate::ledger::daily::{CauseKind, Span};
    }
    pub mod export {
        pub use crate::ledger::export::ExportFormat;
    }
    pub mod search {
        pub use crate::ledger::search::{AccountNames, RowSet, search};
    }
}

pub mod ports {
    pub use crate::ports::{Clock, SecretStore, SecretStoreError, SystemEntropy, VaultChoice};
    pub mod fake {
        pub use crate::ports::fake::{FakeBrowser, FakeClipboard, FakeClock, FakeEntropy, FakeSecretStore};
    }
}

pub mod providers {
    pub use crate::providers::{
        Auth, BuildContext, ClientAuthentication, Credentials, FailureScope, FetchPlan, Field, FieldKind, HistoryDepth,
        KnownAccount, Listing, OauthCredentials, OauthProvider, OauthSpec, PROVIDERS, Pace, Piece, Provider,
        ProviderMetadata, Purpose, ScopedFailure, Secrets, ServerEnvironment, Sink, Validation, by_status, check, find,
    };
    pub mod kit {
        pub use crate::providers::kit::{
            Api, Call, CallbackListener, Http, HttpConfig, HttpLimits, MemoryCounters, NameLookup, OauthFlow,
            PerAccount, Replies, ServerOrigin, Signer, fetch, parse_redirect, rows,
        };
        pub mod fake {
            pub use crate::providers::kit::fake::FakeTimer;
        }
    }
}

pub mod statements {
    pub use crate::statements::{
        FORMATS, Limits, Question, QuestionAnswers, ReadProgress, Reading, Statement, StatementAccount, StatementError,
        StatementFile, Verdict, decode, read,
    };
    pub mod ofx {
        pub use crate::statements::ofx::{DocumentItem, stream, token};
    }
}

pub mod store {
    pub use crate::store::{NewSource, OpenOptions, Store, Writer};
}

pub mod sync {
    pub use crate::sync::{
        AccountResult, ConnectRequest, ConnectionReport, EngineCommand, EngineConfig, Event, EventStream, Handle,
        ImportReport, ImportRequest, JobFailure, JobId, LiveConfig, LoginEnding, Schedule, Stage, SyncRequest,
        login_ends_soon, spawn,
    };
}

pub mod tui {
    pub use crate::tui::{Env, Folders, Host, Keymap, Runtime, Settings, ThemeName, attention, parse_keys};
    pub mod amount {
        pub use crate::tui::{percent, plain, share};
    }
}

pub mod vault {
    pub use crate::vault::{SystemKeyring, TimedStore, Vault, VaultError, VaultKeys, VaultOptions, harden_process};
}
