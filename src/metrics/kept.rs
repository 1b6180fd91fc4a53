//! The columns of sums as a store keeps them.

use polars::prelude::{DataType, Expr, Schema, col};

use crate::schema::Table;

/// Columns of a table's rows by their names, and others behind them.
pub(crate) fn schema_of<'n>(
    table: Table,
    names: impl IntoIterator<Item = &'n str>,
    others: impl IntoIterator<Item = (&'n str, DataType)>,
) -> Schema {
    let rows = table.schema();
    let own = names.into_iter().filter_map(|name| Some((name, rows.get(name)?.clone())));
    let mut schema = Schema::default();
    for (name, data_type) in own.chain(others) {
        schema.with_column(name.into(), data_type);
    }
    schema
}

/// Counts and sums that fit 64 bits, for [`schema_of`].
pub(crate) fn counts<'n>(
    names: impl IntoIterator<Item = &'n str>,
) -> impl Iterator<Item = (&'n str, DataType)> {
    names.into_iter().map(|name| (name, DataType::Int64))
}

/// All columns of a schema, in order, cast to what it says.
pub(crate) fn cast_to(schema: &Schema) -> Vec<Expr> {
    schema.iter().map(|(name, data_type)| col(name.clone()).cast(data_type.clone())).collect()
}

/// All columns of a schema, in order.
pub(crate) fn columns(schema: &Schema) -> Vec<Expr> {
    schema.iter_names().map(|name| col(name.clone())).collect()
}
