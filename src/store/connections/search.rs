//! Prefixes of name, external id and account. What few connections begin with is found by the indexes; what many begin with is met soon
//! by whoever goes through the list in its order, while an index would give all of them, to be sorted for the sake of one page.

use super::super::{Conn, Result, Sql};

/// From here on a search is broad: about what a database sorts in the time that it takes to read a page.
const MANY: i64 = 1000;

/// A prefix, and whether many connections have it.
#[derive(Debug, Clone)]
pub struct Search {
    first: String,
    last: String,
    broad: bool,
}

/// The start and the end of a range: in a column as its index has it, and in what a row holds of it, which no index fits.
struct Range {
    ids_from: &'static str,
    to: &'static str,
    row_from: &'static str,
    row_to: &'static str,
}

macro_rules! range {
    ($column:literal) => {
        Range {
            ids_from: concat!("SELECT id FROM connections WHERE ", $column, " >= "),
            to: concat!(" AND ", $column, " <= "),
            row_from: concat!("(c.", $column, " || '' >= "),
            row_to: concat!(" AND c.", $column, " || '' <= "),
        }
    };
}

const RANGES: [Range; 3] = [range!("search_name"), range!("search_external_id"), range!("search_account")];

impl Search {
    /// A search for `text`, of upper and lower case alike.
    pub async fn of(conn: &mut Conn, text: &str) -> Result<Self> {
        let first = text.to_lowercase();
        // In byte order, everything that starts with `first` lies between it and it followed by the greatest character.
        let last = format!("{first}{}", char::MAX);
        let mut search = Self { first, last, broad: false };
        search.broad = search.count(conn, MANY - 1).await? >= MANY;
        Ok(search)
    }

    /// How many connections there are, counted no further than one past `limit` in each of the columns.
    pub(super) async fn count(&self, conn: &mut Conn, limit: i64) -> Result<i64> {
        let mut sql = Sql::new("SELECT COUNT(*) FROM (");
        self.ids(&mut sql, Some(limit + 1));
        sql.push(") AS counted");
        Ok(sql.fetch_count(conn).await?.min(limit + 1))
    }

    /// The condition on a connection `c`.
    pub(super) fn apply(&self, sql: &mut Sql) {
        if !self.broad {
            sql.and("c.id IN (");
            self.ids(sql, None);
            sql.push(")");
            return;
        }
        sql.and("(");
        for (index, range) in RANGES.iter().enumerate() {
            sql.push(if index == 0 { "" } else { " OR " });
            sql.push(range.row_from).bind(self.first.clone()).push(range.row_to).bind(self.last.clone()).push(")");
        }
        sql.push(")");
    }

    /// Whether it finds few, so that nothing else needs an index.
    pub(super) fn is_narrow(&self) -> bool {
        !self.broad
    }

    fn ids(&self, sql: &mut Sql, limit: Option<i64>) {
        for (index, range) in RANGES.iter().enumerate() {
            sql.push(if index == 0 { "SELECT id FROM (" } else { " UNION SELECT id FROM (" });
            sql.push(range.ids_from).bind(self.first.clone()).push(range.to).bind(self.last.clone());
            if let Some(limit) = limit {
                sql.push(" LIMIT ").bind(limit);
            }
            sql.push(") AS found");
        }
    }
}
