//! The vocabulary of the store: every column of every table, named and documented once.
//!
//! Leaf types only: no I/O, no Bedrock knowledge, no state but memory that is used again. A table is declared with `table!`, which writes
//! the row struct, one name constant per column, the Polars schema and the rows → frame conversion,
//! so that a column can't be documented in one place and misspelt in another.
//!
//! Null means unknown, never zero. Times are UTC with millisecond precision.

pub mod access;
pub mod allocation;
pub mod api_activity;
pub mod api_event;
pub mod budget;
pub mod capacity;
pub mod columns;
pub mod cost;
pub mod detection;
pub mod drivers;
pub mod invocation;
pub mod moment;
pub mod quota;
pub mod reject;
pub mod security;
pub mod sensitive;
pub mod service_metric;
pub mod target;
pub mod three_counts;
pub mod usage;
pub mod what_if;

use polars::prelude::{
    Column as SeriesColumn, DataFrame, DataType, Field, IntoColumn, NamedFrom, PlSmallStr,
    PolarsResult, Schema, Series, TimeUnit, TimeZone,
};

use serde::{Serialize, Serializer};

/// A column of a stored table: its name and its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnDef {
    /// The name, as written in Parquet and accepted by `query --sql`.
    pub name: &'static str,
    /// The type.
    pub kind: Kind,
}

/// The plain types the store uses; each has one Parquet form that every engine reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8 text.
    Text,
    /// 64-bit signed integer.
    Int,
    /// True or false.
    Bool,
    /// Milliseconds since the epoch, UTC; a `timestamp(ms, UTC)` in Parquet.
    Time,
}

impl Kind {
    /// The Polars type of this kind.
    pub fn data_type(self) -> DataType {
        match self {
            Self::Text => DataType::String,
            Self::Int => DataType::Int64,
            Self::Bool => DataType::Boolean,
            Self::Time => DataType::Datetime(TimeUnit::Milliseconds, Some(TimeZone::UTC)),
        }
    }
}

/// The stored tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// One row per logged model call: [`invocation`].
    Invocations,
    /// One row per CloudTrail event: [`api_event`].
    ApiEvents,
    /// One row per record or object that could not be read: [`reject`].
    Rejects,
    /// One row per kind of sensitive data in a body, where bodies were scanned: [`sensitive`].
    Sensitive,
    /// One row per model and hour that CloudWatch counted: [`service_metric`].
    ServiceMetrics,
}

impl Table {
    /// All tables, in the order they are reported.
    pub const ALL: [Self; 5] =
        [Self::Invocations, Self::ApiEvents, Self::Rejects, Self::Sensitive, Self::ServiceMetrics];

    /// The table's name: its folder in the store and its name in `query --sql`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Invocations => "invocations",
            Self::ApiEvents => "api_events",
            Self::Rejects => "rejects",
            Self::Sensitive => "sensitive",
            Self::ServiceMetrics => "service_metrics",
        }
    }

    /// The table with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    /// The table's columns, in stored order.
    pub fn columns(self) -> &'static [ColumnDef] {
        match self {
            Self::Invocations => invocation::COLUMNS,
            Self::ApiEvents => api_event::COLUMNS,
            Self::Rejects => reject::COLUMNS,
            Self::Sensitive => sensitive::COLUMNS,
            Self::ServiceMetrics => service_metric::COLUMNS,
        }
    }

    /// The table's Polars schema.
    pub fn schema(self) -> Schema {
        self.columns()
            .iter()
            .map(|column| Field::new(column.name.into(), column.kind.data_type()))
            .collect()
    }
}

impl Serialize for Table {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// A Rust type that fills a column of one [`Kind`].
pub trait Cell: Sized {
    /// The kind it fills.
    const KIND: Kind;
    /// A column of these values; `None` is null.
    ///
    /// # Errors
    /// Only when Polars refuses the cast of a logical type.
    fn column(name: &'static str, values: Vec<Option<Self>>) -> PolarsResult<SeriesColumn>;
}

impl Cell for String {
    const KIND: Kind = Kind::Text;
    fn column(name: &'static str, values: Vec<Option<Self>>) -> PolarsResult<SeriesColumn> {
        Ok(Series::new(PlSmallStr::from_static(name), values).into_column())
    }
}

impl Cell for i64 {
    const KIND: Kind = Kind::Int;
    fn column(name: &'static str, values: Vec<Option<Self>>) -> PolarsResult<SeriesColumn> {
        Ok(Series::new(PlSmallStr::from_static(name), values).into_column())
    }
}

impl Cell for bool {
    const KIND: Kind = Kind::Bool;
    fn column(name: &'static str, values: Vec<Option<Self>>) -> PolarsResult<SeriesColumn> {
        Ok(Series::new(PlSmallStr::from_static(name), values).into_column())
    }
}

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeMs(pub i64);

impl Cell for TimeMs {
    const KIND: Kind = Kind::Time;
    fn column(name: &'static str, values: Vec<Option<Self>>) -> PolarsResult<SeriesColumn> {
        let millis: Vec<Option<i64>> = values.into_iter().map(|time| time.map(|t| t.0)).collect();
        let series = Series::new(PlSmallStr::from_static(name), millis);
        Ok(series.cast(&Self::KIND.data_type())?.into_column())
    }
}

/// A row type declared with `table!`.
pub trait Row: Sized {
    /// The table the row belongs to.
    const TABLE: Table;
    /// The rows as a frame with the table's schema; rows keep their order.
    ///
    /// # Errors
    /// Only when Polars refuses the cast of a logical type.
    fn frame(rows: Vec<Self>) -> PolarsResult<DataFrame>;
    /// The UTC instant that decides the row's partition.
    fn partition_time(&self) -> Option<TimeMs>;
}

/// Declares a stored table: row struct, column-name constants, schema, conversion to a frame.
///
/// Every field is an `Option`: null means unknown.
///
/// With `columns of REF`, the module gets `Columns` too, see [`columns`]: rows of borrowed values, named
/// `REF`, are pushed into them.
macro_rules! table {
    (
        $table:expr, partitioned by $time:ident, columns of $borrowed:ident;
        $(#[$struct_doc:meta])*
        pub struct $row:ident {
            $( $(#[$doc:meta])* $constant:ident $field:ident : $type:ty, )*
        }
    ) => {
        $crate::schema::table! {
            $table, partitioned by $time;
            $(#[$struct_doc])*
            pub struct $row {
                $( $(#[$doc])* $constant $field : $type, )*
            }
        }

        $(#[$struct_doc])*
        ///
        /// Its texts are borrowed from where they were read.
        #[derive(Debug, Default)]
        pub struct $borrowed<'a> {
            $(
                $(#[$doc])*
                pub $field: Option<
                    <<$type as $crate::schema::columns::Kept>::Values
                        as $crate::schema::columns::Values>::Value<'a>
                >,
            )*
        }

        /// Rows of the table, column by column.
        #[derive(Debug, Default, Clone, PartialEq, Eq)]
        pub struct Columns {
            len: usize,
            $( $field: <$type as $crate::schema::columns::Kept>::Values, )*
        }

        static SPARE: $crate::schema::columns::Spare<Columns> =
            $crate::schema::columns::Spare::new();

        impl Columns {
            /// Columns without rows, in the memory of others where some was given back.
            pub fn spare() -> Self {
                SPARE.take().unwrap_or_default()
            }

            /// Makes room for the next row: takes memory that others gave back for the first one, and
            /// after `sample` rows makes room for those that are to come.
            pub fn make_room(&mut self, sample: usize, to_come: impl FnOnce() -> usize) {
                if self.len == 0 {
                    *self = Self::spare();
                } else if self.len == sample {
                    self.reserve(to_come());
                }
            }

            /// Gives the memory of these columns to others.
            pub fn give_back(mut self) {
                use $crate::schema::columns::Values as _;
                $( self.$field.clear(); )*
                let rows = std::mem::take(&mut self.len);
                let size = 0 $( + self.$field.size() )*;
                SPARE.give_back(self, rows, size);
            }

            /// How many bytes of text the columns keep.
            pub fn text_bytes(&self) -> usize {
                use $crate::schema::columns::Values as _;
                0 $( + self.$field.text_bytes() )*
            }

            /// Frees what was given back.
            pub fn forget_spare() {
                SPARE.forget();
            }

            /// Appends a row.
            #[inline]
            pub fn push(&mut self, row: $borrowed<'_>) {
                use $crate::schema::columns::Values as _;
                $( if let Some(value) = row.$field { self.$field.put(self.len, value); } )*
                self.len += 1;
            }

            /// Appends a row of which `memo` knows one like it in these columns; and takes note of it.
            #[inline]
            pub fn push_again<'a>(&mut self, row: &$borrowed<'a>, memo: &mut Memo<'a>) {
                use $crate::schema::columns::Values as _;
                $(
                    if let Some(value) = &row.$field {
                        self.$field.put_again(self.len, value, &mut memo.$field);
                    }
                )*
                self.len += 1;
            }

            /// Forgets the rows behind this many.
            pub fn truncate(&mut self, rows: usize) {
                use $crate::schema::columns::Values as _;
                self.len = self.len.min(rows);
                $( self.$field.truncate(rows); )*
            }

            /// Leaves out the rows whose partition is not to be kept; returns how many those were.
            pub fn retain(
                &mut self,
                is_kept: impl Fn(Option<$crate::schema::TimeMs>) -> bool,
            ) -> usize {
                use $crate::schema::columns::Values as _;
                let kept: Vec<bool> =
                    (0..self.len).map(|row| is_kept(self.$time.get(row))).collect();
                let gone = kept.iter().filter(|kept| !**kept).count();
                if gone > 0 {
                    self.len -= gone;
                    $( self.$field.keep(&kept); )*
                }
                gone
            }

            /// Makes room for this many rows.
            fn reserve(&mut self, rows: usize) {
                use $crate::schema::columns::Values as _;
                $( self.$field.reserve(rows); )*
            }

            /// How many rows there are.
            pub fn len(&self) -> usize {
                self.len
            }

            /// Whether there is none.
            pub fn is_empty(&self) -> bool {
                self.len == 0
            }

            /// The rows, one by one; for looking at few of them.
            pub fn rows(&self) -> impl Iterator<Item = $row> {
                use $crate::schema::columns::Values as _;
                (0..self.len).map(|row| $row {
                    $( $field: self.$field.get(row).map(Into::into), )*
                })
            }
        }

        impl $crate::schema::columns::Block for Columns {
            const TABLE: $crate::schema::Table = $table;

            fn height(&self) -> usize {
                self.len
            }

            fn partition_time(&self, row: usize) -> Option<$crate::schema::TimeMs> {
                use $crate::schema::columns::Values as _;
                self.$time.get(row)
            }

            fn texts(&self, name: &str) -> Option<&$crate::schema::columns::Texts> {
                use $crate::schema::columns::Values as _;
                match name {
                    $( $constant => self.$field.texts(), )*
                    _ => None,
                }
            }

            fn show<'a, V: $crate::schema::columns::Visitor<'a>>(
                pieces: &[$crate::schema::columns::Piece<'a, Self>],
                visitor: &mut V,
            ) {
                use $crate::schema::columns::Values;
                $(
                    let columns: Vec<_> = pieces
                        .iter()
                        .map(|piece| (&piece.columns.$field, piece.rows.clone()))
                        .collect();
                    <<$type as $crate::schema::columns::Kept>::Values as Values>::show(
                        $constant, columns, visitor,
                    );
                )*
            }
        }

        /// What is known of a row for the next one that is like it.
        #[derive(Debug, Default)]
        pub struct Memo<'a> {
            $(
                $field: <
                    <$type as $crate::schema::columns::Kept>::Values
                        as $crate::schema::columns::Values
                >::Memo<'a>,
            )*
        }

        impl Extend<$row> for Columns {
            fn extend<I: IntoIterator<Item = $row>>(&mut self, rows: I) {
                for row in rows {
                    self.push($borrowed { $( $field: row.$field.map(Into::into), )* });
                }
            }
        }

        impl FromIterator<$row> for Columns {
            fn from_iter<I: IntoIterator<Item = $row>>(rows: I) -> Self {
                let mut columns = Self::default();
                columns.extend(rows);
                columns
            }
        }
    };
    (
        $table:expr, partitioned by $time:ident;
        $(#[$struct_doc:meta])*
        pub struct $row:ident {
            $( $(#[$doc:meta])* $constant:ident $field:ident : $type:ty, )*
        }
    ) => {
        $( $(#[$doc])* pub const $constant: &str = stringify!($field); )*

        /// The table's columns, in stored order.
        pub const COLUMNS: &[$crate::schema::ColumnDef] = &[
            $( $crate::schema::ColumnDef {
                name: $constant,
                kind: <$type as $crate::schema::Cell>::KIND,
            }, )*
        ];

        $(#[$struct_doc])*
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct $row {
            $( $(#[$doc])* pub $field: Option<$type>, )*
        }

        impl $crate::schema::Row for $row {
            const TABLE: $crate::schema::Table = $table;

            fn frame(rows: Vec<Self>) -> polars::prelude::PolarsResult<polars::prelude::DataFrame> {
                let height = rows.len();
                $( let mut $field = Vec::with_capacity(height); )*
                for row in rows {
                    $( $field.push(row.$field); )*
                }
                polars::prelude::DataFrame::new(height, vec![
                    $( <$type as $crate::schema::Cell>::column($constant, $field)?, )*
                ])
            }

            fn partition_time(&self) -> Option<$crate::schema::TimeMs> {
                self.$time
            }
        }
    };
}
pub(crate) use table;
