//! Other words for actions, so that the palette and the help find them by meaning.

use super::Action;
use crate::config::Screen;

impl Action {
    /// Whether it may change data: refused while the screen shows an earlier day.
    pub(crate) const fn writes(self) -> bool {
        matches!(
            self,
            Self::Edit
                | Self::StateBalance
                | Self::Import
                | Self::Connect
                | Self::Sync
                | Self::SyncAll
                | Self::Undo
                | Self::Redo
                | Self::Reconnect
                | Self::Disconnect
        )
    }

    /// Words that a person may type for it, beside its title.
    pub(crate) const fn aliases(self) -> &'static str {
        match self {
            Self::Import => "load open add file statement bank qfx ofx csv upload read",
            Self::Connect => "link login add account bank broker api key institution",
            Self::Sync | Self::SyncAll => "refresh fetch update download reload pull",
            Self::Undo => "revert back take back remove import",
            Self::Redo => "restore bring back again",
            Self::Edit => "change rename category tag note payee retype",
            Self::MergeAccount => "join combine unite same account duplicate separate undo merge",
            Self::DecidePair => "duplicate double twin same row keep apart separate",
            Self::Copy => "yank clipboard",
            Self::Filter => "search find query where",
            Self::EarlierFilter | Self::LaterFilter => "history last search again",
            Self::Sort | Self::SortReverse => "order arrange",
            Self::Explain => "why source origin trace proof where from",
            Self::AsOf | Self::DayBefore | Self::DayAfter | Self::MonthBefore | Self::MonthAfter => {
                "time machine history past date day month then back"
            }
            Self::Compare => "diff difference changed between before after",
            Self::Mask => "privacy hide show amounts money private",
            Self::Mark | Self::MarkAll | Self::MarkRange => "select choose check multiple",
            Self::Group => "symbol combine together class institution category kind",
            Self::CashFlow => "income spending money flow budget month kind category chart",
            Self::Columns => "fields show hide memo tags layout table",
            Self::ZoomIn | Self::ZoomOut => "history chart range period month year all",
            Self::Enlarge => "zoom maximise full screen bigger wide",
            Self::Dismiss => "attention hide ignore snooze",
            Self::Help => "keys shortcuts bindings manual",
            Self::Palette => "command run action",
            Self::Quit | Self::Leave => "exit close end bye",
            Self::Redraw => "repaint refresh screen garbled",
            Self::Suspend => "background shell pause",
            Self::Reconnect => "login renew token credentials password",
            Self::Disconnect => "remove delete unlink end",
            Self::NextHit | Self::PreviousHit => "search again",
            Self::Show(Screen::Overview) => "home dashboard net worth total history chart start",
            Self::Show(Screen::Accounts) => "balances banks cards institutions",
            Self::Show(Screen::Transactions) => "rows spending payments ledger register bookings",
            Self::Show(Screen::Holdings) => "positions stocks portfolio securities shares investments gain",
            Self::Show(Screen::Connections) => "providers institutions logins sync status",
            Self::Show(Screen::Activity) => "journal log changes imports history undo",
            _ => "",
        }
    }
}
