//! The catalogue of a running server: what was loaded at start, and over it the custom integrations, which come and go.

use super::{Catalog, Definition};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

/// Definitions by name, as they are now. Cheap to clone; all clones see the same.
#[derive(Debug, Clone, Default)]
pub struct Live {
    /// Embedded, or from the operator's directory.
    built_in: Catalog,
    now: Arc<RwLock<Now>>,
}

#[derive(Debug, Default)]
struct Now {
    /// Of the custom integrations; counts their changes. 0 before there were any.
    version: i64,
    merged: Catalog,
    custom: BTreeSet<String>,
}

impl Live {
    /// Only what was loaded at start.
    pub fn new(built_in: Catalog) -> Self {
        let now = Now { version: 0, merged: built_in.clone(), custom: BTreeSet::new() };
        Self { built_in, now: Arc::new(RwLock::new(now)) }
    }

    /// The definition of `name`.
    pub fn get(&self, name: &str) -> Option<Arc<Definition>> {
        self.read(|now| now.merged.get(name).cloned())
    }

    /// All definitions as they are now.
    pub fn snapshot(&self) -> Catalog {
        self.read(|now| now.merged.clone())
    }

    /// Whether `name` came with the server or from the operator's directory.
    pub fn is_built_in(&self, name: &str) -> bool {
        self.built_in.get(name).is_some()
    }

    /// Whether the definition of `name` was made over the API.
    pub fn is_custom(&self, name: &str) -> bool {
        self.read(|now| now.custom.contains(name))
    }

    /// Which change of the custom integrations this is.
    pub fn version(&self) -> i64 {
        self.read(|now| now.version)
    }

    /// Lays `custom` over what was loaded at start, unless something newer is there already.
    pub fn replace(&self, version: i64, custom: Vec<Definition>) {
        let names = custom.iter().map(|definition| definition.name.clone()).collect();
        let mut by_name = BTreeMap::clone(&self.built_in.by_name);
        by_name.extend(custom.into_iter().map(|definition| (definition.name.clone(), Arc::new(definition))));
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        if version > now.version {
            *now = Now { version, merged: Catalog { by_name: Arc::new(by_name) }, custom: names };
        }
    }

    fn read<T>(&self, look: impl FnOnce(&Now) -> T) -> T {
        look(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }
}
