//! Orders that take two persons. The order is decided in full both times; the first time nothing of it is written but
//! the record that somebody gave it, the second time it commits together with the second person's word. So a first
//! person hears at once what the engine would refuse, evidence is judged again when it counts, no crash lies between the
//! word and the deed, and of two second persons one acts.

use sluice_core::access::Actor;
use sluice_core::command::{Command, Objection, Order, Person, Persons};
use sluice_core::event::Cause;
use sluice_core::id::{CommandId, PartnerId};
use sluice_core::moved::Moved;
use sluice_core::port::Ports;
use sluice_core::port::store::{Change, Outcome};
use sluice_core::port::world::Topic;

use super::{OrderError, commit};

/// An order as somebody gave it.
#[derive(Clone, Debug)]
pub struct Given {
    /// Who, why and when.
    pub cause: Cause,
    /// The version the decision was made on. When the thing has another one, nothing is done.
    pub expected: Option<i64>,
}

impl Given {
    /// Refuses when the thing is not what the decision was made on. Asked inside the read-modify-write: what is written
    /// afterwards expects the version that was looked at here.
    ///
    /// # Errors
    /// [`OrderError::Version`].
    pub fn expects(&self, actual: i64) -> Result<(), OrderError> {
        match self.expected {
            Some(expected) if expected != actual => Err(OrderError::Version { expected, actual }),
            Some(_) | None => Ok(()),
        }
    }
}

impl From<Cause> for Given {
    fn from(cause: Cause) -> Self {
        Self { cause, expected: None }
    }
}

/// What became of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ordered<T> {
    /// Carried out: the thing as it stands then, and the record of the two persons where it took two.
    Done(T, Option<Box<Command>>),
    /// Another person must give it too. Nothing was done.
    Awaiting(Box<Command>),
}

impl<T> Ordered<T> {
    /// What it became, if it was carried out.
    pub fn done(self) -> Option<T> {
        match self {
            Self::Done(after, _) => Some(after),
            Self::Awaiting(_) => None,
        }
    }
}

/// Whether the word of whoever gives an order is enough. Made for one look at the open command: an order that was
/// overtaken asks for another one.
pub(super) enum Warrant {
    /// It takes one person.
    One,
    /// The first word, to be stored; a command that is over makes room for it.
    First(Box<Moved<Command>>, Option<Box<Moved<Command>>>),
    /// The first person gives it again. It waits as before.
    Waits(Box<Command>),
    /// The second word.
    Second(Box<Moved<Command>>),
}

impl Warrant {
    /// Whether the order is carried out now.
    pub(super) const fn acts(&self) -> bool {
        match self {
            Self::One | Self::Second(_) => true,
            Self::First(..) | Self::Waits(_) => false,
        }
    }
}

/// Looks at who gave the order before.
///
/// # Errors
/// [`OrderError::Person`] when the word does not count as another person's.
pub(super) async fn warrant(
    ports: &Ports,
    given: &Given,
    order: Order,
    owner: PartnerId,
    doubtful: bool,
) -> Result<Warrant, OrderError> {
    let two = match order.kind.persons() {
        Persons::One => false,
        persons @ (Persons::Two | Persons::TwoWhenDoubtful) => persons.two(doubtful),
    };
    if !two {
        return Ok(Warrant::One);
    }
    let cause = &given.cause;
    let by = person(ports, &cause.actor).await?.ok_or(OrderError::NoPerson)?;
    let id = CommandId::new(ports.entropy.ulid(cause.at));
    let first_word = |order| Box::new(Command::ask(id, owner, order, &by, cause));
    let Some(open) = ports.store.open_command(order.kind, &order.subject).await? else {
        return Ok(Warrant::First(first_word(order), None));
    };
    let first = person(ports, &Actor::Key(open.asked_by)).await?.ok_or(OrderError::NoPerson)?;
    if open.is_over(&first, cause.at) || open.is_outdated(&order) {
        let over = open.expire(&expiry(cause))?;
        return Ok(Warrant::First(first_word(order), Some(Box::new(over))));
    }
    if by.key == open.asked_by && open.order == order {
        return Ok(Warrant::Waits(Box::new(open)));
    }
    match open.clone().complete(&order, &first, &by, cause) {
        Ok(step) => Ok(Warrant::Second(Box::new(step))),
        Err(Objection::Refused(_) | Objection::Over) => Err(OrderError::Moved),
        Err(objection) => Err(OrderError::Person { objection, open: Box::new(open) }),
    }
}

/// Writes what the warrant allows. `None` when something had moved on: look again.
pub(super) async fn carry_out<T>(
    ports: &Ports,
    mut change: Change,
    after: T,
    warrant: Warrant,
    cause: &Cause,
) -> Result<Option<Ordered<T>>, OrderError> {
    let word = match warrant {
        Warrant::One => None,
        Warrant::Waits(command) => return Ok(Some(Ordered::Awaiting(command))),
        Warrant::First(word, over) => {
            let awaiting = Box::new(word.after().clone());
            return Ok(store_word(ports, *word, over.map(|over| *over), cause)
                .await?
                .then_some(Ordered::Awaiting(awaiting)));
        }
        Warrant::Second(step) => {
            let word = Box::new(step.after().clone());
            change.commands.push(*step);
            Some(word)
        }
    };
    Ok(commit(ports, change, cause.clone()).await?.then_some(Ordered::Done(after, word)))
}

/// Stores the first word, and ends the command that stood in its place.
async fn store_word(
    ports: &Ports,
    word: Moved<Command>,
    over: Option<Moved<Command>>,
    cause: &Cause,
) -> Result<bool, OrderError> {
    let change = |step, cause| Change { commands: vec![step], cause: Some(cause), ..Change::default() };
    let mut changes: Vec<Change> = over.into_iter().map(|step| change(step, expiry(cause))).collect();
    changes.push(change(word, cause.clone()));
    let outcomes = ports.store.apply(None, changes).await?;
    ports.wake.signal(Topic::Events);
    match outcomes.last() {
        Some(Outcome::Applied) => Ok(true),
        // Somebody else's first word came in between; this one may be the second.
        Some(Outcome::Refused(rule)) if rule == ONE_OPEN => Ok(false),
        Some(Outcome::Refused(rule)) => Err(OrderError::Evidence(rule.clone())),
        Some(Outcome::Moved | Outcome::Fenced) | None => Ok(false),
    }
}

/// The rule that one command of a kind and subject is open at a time.
const ONE_OPEN: &str = "command_one_open";

/// Who ends a command whose time is over.
pub(crate) fn expiry(cause: &Cause) -> Cause {
    Cause { actor: Actor::System("decide"), reason: "command_expired".into(), at: cause.at }
}

async fn person(ports: &Ports, actor: &Actor) -> Result<Option<Person>, OrderError> {
    match actor {
        Actor::Key(key) => Ok(ports.store.person(*key).await?),
        // Until operators log in, a person is a key; nobody can tell who stands behind the others.
        Actor::System(_) | Actor::Operator(_) | Actor::Console => Ok(None),
    }
}

/// Takes an open command back. Nothing else changes.
///
/// # Errors
/// [`OrderError::Refused`] when it is over already.
pub async fn withdraw(ports: &Ports, command: Command, cause: Cause) -> Result<Command, OrderError> {
    let by = person(ports, &cause.actor).await?.ok_or(OrderError::NoPerson)?;
    let first = person(ports, &Actor::Key(command.asked_by)).await?.ok_or(OrderError::NoPerson)?;
    if !by.acts_for(first.partner) {
        return Err(OrderError::PlatformsWord);
    }
    let step = command.withdraw(&cause)?;
    let after = step.after().clone();
    let change = Change { commands: vec![step], ..Change::default() };
    if commit(ports, change, cause).await? { Ok(after) } else { Err(OrderError::Moved) }
}
