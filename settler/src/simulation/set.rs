//! The change that is simulated: parameters by name with their proposed values.

use std::collections::BTreeMap;

use radio_payouts_protocol::json;
use radio_payouts_protocol::params::{Params, ParamsDelta};
use serde::{Deserialize, Serialize};

use crate::outcome::{Failure, Outcome};
use crate::words::parameter::assignment;

/// A number as a decimal string.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Number(#[serde(with = "json")] pub u64);

/// The change: parameters by name with their new values, as `--set` and `set-params` take them.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Set(pub BTreeMap<String, Number>);

impl Set {
    /// From names and values, each name once.
    ///
    /// # Errors
    /// Exit 2 if a name is given twice, is unknown, or a value does not fit its field.
    pub fn new(changes: &[(String, u64)]) -> Outcome<Self> {
        let mut set = Self::default();
        for (name, value) in changes {
            if set.0.insert(name.clone(), Number(*value)).is_some() {
                return Err(Failure::usage(format!("{name} is set twice")));
            }
        }
        set.delta()?;
        Ok(set)
    }

    /// The change as the protocol crate takes it.
    ///
    /// # Errors
    /// As [`Set::new`].
    pub fn delta(&self) -> Outcome<ParamsDelta> {
        let mut delta = ParamsDelta::default();
        for (name, Number(value)) in &self.0 {
            delta
                .set(name, *value)
                .map_err(|error| Failure::usage(format!("{}: {error}", assignment(name, *value))))?;
        }
        Ok(delta)
    }

    /// The values that these parameters have in `params`.
    pub(super) fn of(&self, params: &Params) -> Self {
        let values = self.0.keys().filter_map(|name| Some((name.clone(), Number(params.field(name)?))));
        Self(values.collect())
    }
}

impl std::fmt::Display for Set {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words: Vec<String> = self.0.iter().map(|(name, Number(value))| assignment(name, *value)).collect();
        formatter.write_str(&words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_names_each_parameter_once() {
        assert!(Set::new(&[("rate".into(), 1), ("rate".into(), 1)]).is_err());
        assert!(Set::new(&[("rat".into(), 1)]).is_err());
        assert!(Set::new(&[("peak_bps".into(), u64::MAX)]).is_err());
        assert_eq!(Set::new(&[("rate".into(), 5), ("peak_bps".into(), 6)]).unwrap().to_string(), "peak_bps=6 rate=5");
    }
}
