//! Events out of a transaction's logs.
//!
//! Only lines that the program itself wrote count: the invocation stack in the logs is followed, so another program in
//! the same transaction cannot forge an event.

use anchor_lang::{AnchorDeserialize, Discriminator};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
pub use radio_payouts::event::*;

use crate::PROGRAM_ID;

macro_rules! events {
    ($($name:ident),* $(,)?) => {
        /// An event of the program.
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub enum Event {
            $(#[doc = concat!("See [`radio_payouts::event::", stringify!($name), "`].")] $name($name),)*
        }

        impl Event {
            /// Decodes the bytes of one event.
            ///
            /// Returns `None` for an event that this client does not know.
            #[must_use]
            pub fn decode(data: &[u8]) -> Option<Self> {
                $(if let Some(mut fields) = data.strip_prefix($name::DISCRIMINATOR) {
                    return $name::deserialize(&mut fields).ok().map(Self::$name);
                })*
                None
            }

            /// The event's name.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => stringify!($name),)*
                }
            }
        }
    };
}

events!(
    DeploymentInitialized,
    ParamsVersionCreated,
    ConfigTimesChanged,
    DemoFlagChanged,
    PauseKeyChanged,
    RegistrarsChanged,
    AuthorityOffered,
    AuthorityChanged,
    ArbiterAppointed,
    PauseChanged,
    SfuRegistered,
    SfuStopped,
    SfuKeyReplaced,
    SettlerRegistered,
    SettlerStopped,
    SettlerKeyReplaced,
    BindingProposed,
    BindingAccepted,
    BindingCancelled,
    CandidateSupported,
    RootPosted,
    EpochStatusChanged,
    HeadRetreated,
    ShareVerified,
    BatchVerified,
    StakeDeposited,
    StakeWithdrawn,
    ProposalCreated,
    VoteCast,
    ProposalStatusChanged,
    VoteClosed,
    ProposalClosed,
    MandateMade,
    MandateCancelled,
    EpochRatified,
    ShareClaimed,
    TreasuryTransferred,
    EpochClosed,
    RentReturned,
    DisputeOpened,
    DisputeClosed,
    BondReleased,
    LeafProven,
    ShareRecordClosed,
    DuplicateShareProven,
    EquivocationProven,
);

/// The program's events in the logs of one transaction, in order.
///
/// Truncated logs yield the events before the cut; data of other programs and unknown events are passed over.
#[must_use]
pub fn events<S: AsRef<str>>(logs: &[S]) -> Vec<Event> {
    let own = PROGRAM_ID.to_string();
    let mut stack: Vec<&str> = Vec::new();
    let mut events = Vec::new();
    for line in logs {
        let line = line.as_ref();
        if let Some(data) = line.strip_prefix("Program data: ") {
            if stack.last() == Some(&own.as_str()) {
                events.extend(STANDARD.decode(data.trim()).ok().and_then(|data| Event::decode(&data)));
            }
            continue;
        }
        let mut words = line.split(' ');
        if let (Some("Program"), Some(id), Some(what)) = (words.next(), words.next(), words.next()) {
            match what {
                "invoke" => stack.push(id),
                "success" | "failed:" if stack.last() == Some(&id) => {
                    stack.pop();
                }
                _ => {}
            }
        }
    }
    events
}

#[cfg(test)]
mod tests {
    use anchor_lang::Event as _;

    use super::*;

    #[test]
    fn takes_the_programs_own_events_only() {
        let event = DemoFlagChanged { old: false, new: true };
        let data = format!("Program data: {}", STANDARD.encode(event.data()));
        let other = "11111111111111111111111111111111";
        let logs = [
            format!("Program {other} invoke [1]"),
            data.clone(),
            format!("Program {other} success"),
            format!("Program {PROGRAM_ID} invoke [1]"),
            "Program log: Instruction: SetDemoFlag".to_owned(),
            format!("Program {other} invoke [2]"),
            data.clone(),
            format!("Program {other} success"),
            data.clone(),
            format!("Program {PROGRAM_ID} success"),
            data,
        ];
        assert_eq!(events(&logs), [Event::DemoFlagChanged(event)]);
    }

    #[test]
    fn passes_over_what_it_does_not_know() {
        assert_eq!(Event::decode(&[0; 40]), None);
        assert_eq!(Event::decode(&[]), None);
        let logs = [format!("Program {PROGRAM_ID} invoke [1]"), "Program data: ???".to_owned()];
        assert!(events(&logs).is_empty());
    }
}
