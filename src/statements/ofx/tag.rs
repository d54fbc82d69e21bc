//! The OFX tags that mean something here, and how each takes part in the structure of a file.
//!
//! Used by the record layer. INVARIANT: a table and nothing else; a tag that is not listed is
//! [`Tag::Unknown`], is never an error, and never closes what it does not own.

/// How a tag takes part in the structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A container of records; opening it ends everything of its level and deeper.
    Frame(u8),
    /// Something complete in itself (a row, an account, a balance): its leaves are handed over together.
    Record(u8),
    /// A group inside a record whose leaves must not be taken for the record's own (`PAYEE`, `CURRENCY`).
    Group,
    /// A group that may be looked through: its leaves count as the record's own.
    Transparent,
    /// A value.
    Leaf,
    /// Not listed.
    Unknown,
}

/// The longest name that can be a known tag: names are compared as one 128-bit number.
const LONGEST: usize = 16;

const fn pack(name: &str) -> u128 {
    let bytes = name.as_bytes();
    let mut packed = [0u8; LONGEST];
    let mut index = 0;
    while index < bytes.len() {
        packed[index] = bytes[index];
        index += 1;
    }
    u128::from_le_bytes(packed)
}

/// Slots of the look-up table; a power of two, more than twice the number of tags, so that look-ups end at once.
const SLOTS: usize = 512;

#[expect(clippy::cast_possible_truncation, reason = "halves of a number, and nine bits")]
const fn slot(packed: u128) -> usize {
    let folded = (packed as u64) ^ ((packed >> 64) as u64).rotate_left(29);
    // Nine bits are left, as many as number the slots.
    let hash = folded.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 55;
    hash as usize
}

/// Other names of listed tags: those of OFC, the format before OFX, and of a second version of the standard.
const ALIASES: &[(u128, Tag)] = &[
    (pack("OFC"), Tag::Ofx),
    (pack("ACCTSTMT"), Tag::StmtTrnRs),
    (pack("ACCTFROM"), Tag::BankAcctFrom),
    (pack("CHKNUM"), Tag::CheckNum),
    (pack("ACCTTYPE2"), Tag::AcctType),
];

/// Open addressing, built by the compiler.
static TABLE: [(u128, Tag); SLOTS] = {
    let mut table = [(0, Tag::Unknown); SLOTS];
    let mut index = 0;
    while index < ALL.len() + ALIASES.len() {
        let entry = if index < ALL.len() { ALL[index] } else { ALIASES[index - ALL.len()] };
        let mut at = slot(entry.0);
        while table[at].0 != 0 {
            at = (at + 1) % SLOTS;
        }
        table[at] = entry;
        index += 1;
    }
    table
};

/// Raises the case of sixteen ASCII bytes at once: letters are the bytes with bit 6, lower case those with bit 5 too.
/// `@[\]^_` and their neighbours in the next column are confused, which no known name holds.
const fn raise(packed: u128) -> u128 {
    const BIT_6: u128 = 0x4040_4040_4040_4040_4040_4040_4040_4040;
    packed & !((packed & BIT_6) >> 1)
}

macro_rules! tags {
    ($($variant:ident $name:literal $shape:expr;)+) => {
        /// A tag that means something here.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Tag { Unknown, $($variant,)+ }

        /// Every tag with its packed name.
        const ALL: &[(u128, Tag)] = &[$((pack($name), Tag::$variant),)+];

        impl Tag {
            /// Its name as the standard writes it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { Self::Unknown => "?", $(Self::$variant => $name,)+ }
            }

            /// How it takes part in the structure.
            #[must_use]
            pub const fn shape(self) -> Shape {
                #[allow(clippy::enum_glob_use, reason = "shortens the table")]
                use Shape::*;
                match self { Self::Unknown => Unknown, $(Self::$variant => $shape,)+ }
            }
        }
    };
}

tags! {
    // Levels: 0 the document, 1 a response, 2 a statement, 3 its parts, 4 rows and positions.
    Ofx "OFX" Frame(0);
    SonRs "SONRS" Frame(1);
    StmtTrnRs "STMTTRNRS" Frame(1);
    CcStmtTrnRs "CCSTMTTRNRS" Frame(1);
    InvStmtTrnRs "INVSTMTTRNRS" Frame(1);
    LoanStmtTrnRs "LOANSTMTTRNRS" Frame(1);
    AcctInfoTrnRs "ACCTINFOTRNRS" Frame(1);
    SecList "SECLIST" Frame(1);
    StmtRs "STMTRS" Frame(2);
    CcStmtRs "CCSTMTRS" Frame(2);
    InvStmtRs "INVSTMTRS" Frame(2);
    LoanStmtRs "LOANSTMTRS" Frame(2);
    BankTranList "BANKTRANLIST" Frame(3);
    BankTranListP "BANKTRANLISTP" Frame(3);
    LoanTranList "LOANTRANLIST" Frame(3);
    InvTranList "INVTRANLIST" Frame(3);
    InvPosList "INVPOSLIST" Frame(3);
    InvOoList "INVOOLIST" Frame(3);
    InvBal "INVBAL" Frame(3);
    Inv401k "INV401K" Record(3);
    Inv401kBal "INV401KBAL" Record(3);
    Status "STATUS" Record(3);
    Fi "FI" Record(3);
    BankAcctFrom "BANKACCTFROM" Record(3);
    CcAcctFrom "CCACCTFROM" Record(3);
    InvAcctFrom "INVACCTFROM" Record(3);
    LoanAcctFrom "LOANACCTFROM" Record(3);
    LedgerBal "LEDGERBAL" Record(3);
    AvailBal "AVAILBAL" Record(3);
    LoanBal "LOANBAL" Record(3);
    Bal "BAL" Record(4);
    StmtTrn "STMTTRN" Record(4);
    StmtTrnP "STMTTRNP" Record(4);
    LoanStmtTrn "LOANSTMTTRN" Record(4);
    BuyDebt "BUYDEBT" Record(4);
    BuyMf "BUYMF" Record(4);
    BuyOpt "BUYOPT" Record(4);
    BuyOther "BUYOTHER" Record(4);
    BuyStock "BUYSTOCK" Record(4);
    ClosureOpt "CLOSUREOPT" Record(4);
    Income "INCOME" Record(4);
    InvExpense "INVEXPENSE" Record(4);
    JrnlFund "JRNLFUND" Record(4);
    JrnlSec "JRNLSEC" Record(4);
    MarginInterest "MARGININTEREST" Record(4);
    Reinvest "REINVEST" Record(4);
    RetOfCap "RETOFCAP" Record(4);
    SellDebt "SELLDEBT" Record(4);
    SellMf "SELLMF" Record(4);
    SellOpt "SELLOPT" Record(4);
    SellOther "SELLOTHER" Record(4);
    SellStock "SELLSTOCK" Record(4);
    Split "SPLIT" Record(4);
    Transfer "TRANSFER" Record(4);
    // Inside a trade it is looked through; alone in a list it is a kind of row not listed here.
    InvTran "INVTRAN" Record(4);
    PosDebt "POSDEBT" Record(4);
    PosMf "POSMF" Record(4);
    PosOpt "POSOPT" Record(4);
    PosOther "POSOTHER" Record(4);
    PosStock "POSSTOCK" Record(4);
    DebtInfo "DEBTINFO" Record(4);
    MfInfo "MFINFO" Record(4);
    OptInfo "OPTINFO" Record(4);
    OtherInfo "OTHERINFO" Record(4);
    StockInfo "STOCKINFO" Record(4);
    Payee "PAYEE" Group;
    ExtdPayee "EXTDPAYEE" Group;
    Currency "CURRENCY" Group;
    OrigCurrency "ORIGCURRENCY" Group;
    BankAcctTo "BANKACCTTO" Group;
    CcAcctTo "CCACCTTO" Group;
    ImageData "IMAGEDATA" Group;
    InvBankTran "INVBANKTRAN" Transparent;
    InvBuy "INVBUY" Transparent;
    InvSell "INVSELL" Transparent;
    InvPos "INVPOS" Transparent;
    SecId "SECID" Transparent;
    SecInfo "SECINFO" Transparent;
    BalList "BALLIST" Transparent;
    AcctId "ACCTID" Leaf;
    AcctType "ACCTTYPE" Leaf;
    AccrdInt "ACCRDINT" Leaf;
    AssetClass "ASSETCLASS" Leaf;
    AvailCash "AVAILCASH" Leaf;
    AvgCostBasis "AVGCOSTBASIS" Leaf;
    BalAmt "BALAMT" Leaf;
    BalType "BALTYPE" Leaf;
    BankId "BANKID" Leaf;
    BranchId "BRANCHID" Leaf;
    BrokerId "BROKERID" Leaf;
    BuyType "BUYTYPE" Leaf;
    CashBal "CASHBAL" Leaf;
    CheckNum "CHECKNUM" Leaf;
    Code "CODE" Leaf;
    Commission "COMMISSION" Leaf;
    CorrectAction "CORRECTACTION" Leaf;
    CorrectFitId "CORRECTFITID" Leaf;
    CostBasis "COSTBASIS" Leaf;
    CurDef "CURDEF" Leaf;
    CurRate "CURRATE" Leaf;
    CurSym "CURSYM" Leaf;
    Denominator "DENOMINATOR" Leaf;
    Desc "DESC" Leaf;
    DtAsOf "DTASOF" Leaf;
    DtAvail "DTAVAIL" Leaf;
    DtEnd "DTEND" Leaf;
    DtExpire "DTEXPIRE" Leaf;
    DtPosted "DTPOSTED" Leaf;
    DtPriceAsOf "DTPRICEASOF" Leaf;
    DtServer "DTSERVER" Leaf;
    DtSettle "DTSETTLE" Leaf;
    DtStart "DTSTART" Leaf;
    DtTrade "DTTRADE" Leaf;
    DtTran "DTTRAN" Leaf;
    DtUser "DTUSER" Leaf;
    ExtdName "EXTDNAME" Leaf;
    Fees "FEES" Leaf;
    Fid "FID" Leaf;
    FitId "FITID" Leaf;
    FracCash "FRACCASH" Leaf;
    HeldInAcct "HELDINACCT" Leaf;
    IncomeType "INCOMETYPE" Leaf;
    IntuBid "INTU.BID" Leaf;
    Inv401kSource "INV401KSOURCE" Leaf;
    Language "LANGUAGE" Leaf;
    Ledger "LEDGER" Leaf;
    Load "LOAD" Leaf;
    LoanAcctId "LOANACCTID" Leaf;
    LoanAcctType "LOANACCTTYPE" Leaf;
    MarginBalance "MARGINBALANCE" Leaf;
    Memo "MEMO" Leaf;
    Message "MESSAGE" Leaf;
    MfType "MFTYPE" Leaf;
    MktVal "MKTVAL" Leaf;
    Name "NAME" Leaf;
    NewUnits "NEWUNITS" Leaf;
    Numerator "NUMERATOR" Leaf;
    OldUnits "OLDUNITS" Leaf;
    OptAction "OPTACTION" Leaf;
    OptBuyType "OPTBUYTYPE" Leaf;
    OptSellType "OPTSELLTYPE" Leaf;
    OptType "OPTTYPE" Leaf;
    Org "ORG" Leaf;
    Penalty "PENALTY" Leaf;
    PosType "POSTYPE" Leaf;
    RefNum "REFNUM" Leaf;
    SecName "SECNAME" Leaf;
    SellType "SELLTYPE" Leaf;
    Severity "SEVERITY" Leaf;
    ShPerCtrct "SHPERCTRCT" Leaf;
    ShortBalance "SHORTBALANCE" Leaf;
    StateWithholding "STATEWITHHOLDING" Leaf;
    StrikePrice "STRIKEPRICE" Leaf;
    SubAcctFrom "SUBACCTFROM" Leaf;
    SubAcctFund "SUBACCTFUND" Leaf;
    SubAcctTo "SUBACCTTO" Leaf;
    Taxes "TAXES" Leaf;
    TferAction "TFERACTION" Leaf;
    Ticker "TICKER" Leaf;
    Total "TOTAL" Leaf;
    TrnAmt "TRNAMT" Leaf;
    TrnType "TRNTYPE" Leaf;
    UniqueId "UNIQUEID" Leaf;
    UniqueIdType "UNIQUEIDTYPE" Leaf;
    UnitPrice "UNITPRICE" Leaf;
    Units "UNITS" Leaf;
    Value "VALUE" Leaf;
    Withholding "WITHHOLDING" Leaf;
}

impl Tag {
    /// The tag whose name is the first `length` bytes of `bytes`, in any case. What follows the name may be there too:
    /// reading sixteen bytes at once is what makes this fast (a quarter of the time of a `match`).
    #[must_use]
    pub fn find(bytes: &[u8], length: usize) -> Self {
        if length > LONGEST || length == 0 {
            return Self::Unknown;
        }
        let packed = if let Some(chunk) = bytes.first_chunk::<LONGEST>() {
            u128::from_le_bytes(*chunk) & (u128::MAX >> (128 - 8 * length))
        } else {
            let mut chunk = [0; LONGEST];
            chunk[..length].copy_from_slice(&bytes[..length]);
            u128::from_le_bytes(chunk)
        };
        let packed = raise(packed);
        let mut at = slot(packed);
        loop {
            let (known, tag) = TABLE[at];
            if known == packed {
                return tag;
            }
            if known == 0 {
                return Self::Unknown;
            }
            at = (at + 1) % SLOTS;
        }
    }

    /// Whether `leaf` can stand inside this record or group. What can't ends it: files without closing tags
    /// are read by this rule.
    #[must_use]
    pub fn admits(self, leaf: Self) -> bool {
        match self {
            Self::Status => matches!(leaf, Self::Code | Self::Severity | Self::Message),
            Self::Fi => matches!(leaf, Self::Org | Self::Fid),
            Self::BankAcctFrom | Self::CcAcctFrom | Self::InvAcctFrom | Self::LoanAcctFrom => matches!(
                leaf,
                Self::BankId
                    | Self::BranchId
                    | Self::BrokerId
                    | Self::AcctId
                    | Self::AcctType
                    | Self::LoanAcctId
                    | Self::LoanAcctType
            ),
            Self::LedgerBal | Self::AvailBal | Self::LoanBal => matches!(leaf, Self::BalAmt | Self::DtAsOf),
            Self::Currency | Self::OrigCurrency => matches!(leaf, Self::CurRate | Self::CurSym),
            Self::Payee | Self::ExtdPayee => matches!(leaf, Self::Name | Self::Desc),
            Self::BankAcctTo | Self::CcAcctTo => {
                matches!(leaf, Self::BankId | Self::BranchId | Self::AcctId | Self::AcctType)
            }
            _ => true,
        }
    }

    /// Whether it is a row of an investment statement other than a bank row.
    #[must_use]
    pub const fn is_investment_row(self) -> bool {
        matches!(
            self,
            Self::BuyDebt
                | Self::BuyMf
                | Self::BuyOpt
                | Self::BuyOther
                | Self::BuyStock
                | Self::ClosureOpt
                | Self::Income
                | Self::InvExpense
                | Self::JrnlFund
                | Self::JrnlSec
                | Self::MarginInterest
                | Self::Reinvest
                | Self::RetOfCap
                | Self::SellDebt
                | Self::SellMf
                | Self::SellOpt
                | Self::SellOther
                | Self::SellStock
                | Self::Split
                | Self::Transfer
                | Self::InvTran
        )
    }

    /// Whether its value is an amount, a price or a number of units.
    #[must_use]
    pub const fn is_number(self) -> bool {
        matches!(
            self,
            Self::TrnAmt
                | Self::BalAmt
                | Self::Total
                | Self::Units
                | Self::UnitPrice
                | Self::MktVal
                | Self::AvailCash
                | Self::Commission
                | Self::Fees
                | Self::Value
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case() {
        let find = |name: &str| Tag::find(name.as_bytes(), name.len());
        for (packed, tag) in ALL {
            assert_eq!(find(tag.name()), *tag);
            assert_eq!(find(&tag.name().to_ascii_lowercase()), *tag);
            assert_eq!(Tag::find(format!("{}>and what follows", tag.name()).as_bytes(), tag.name().len()), *tag);
            assert_eq!(*packed, pack(tag.name()));
        }
        assert_eq!(find("Intu.Bid"), Tag::IntuBid);
        assert_eq!(find("CREDITCARDMSGSRSV1"), Tag::Unknown);
        assert_eq!(find("STMTTRNX"), Tag::Unknown);
        assert_eq!(find(""), Tag::Unknown);
        assert!(ALL.len() * 2 < SLOTS);
    }
}
