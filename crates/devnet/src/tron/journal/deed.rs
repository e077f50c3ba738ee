//! Orders from outside, as bytes.

use super::super::{
    address::Address,
    chain::Deed,
    state::{Param, Resource},
    wire::{Fields, Writer},
};

const WHO: u32 = 2;
const WHOM: u32 = 3;
const FIGURE: u32 = 4;
const OTHER: u32 = 5;
const FLAG: u32 = 6;
const BYTES: u32 = 7;

pub(super) fn wire(deed: &Deed) -> Vec<u8> {
    let mut writer = Writer::default();
    match *deed {
        Deed::Credit { to, sun } => {
            writer.number(1, 1);
            writer.bytes(WHO, &to.wire());
            writer.number(FIGURE, sun);
        }
        Deed::SetBalance { of, sun } => {
            writer.number(1, 2);
            writer.bytes(WHO, &of.wire());
            writer.number(FIGURE, sun);
        }
        Deed::Mint { to, units } => {
            writer.number(1, 3);
            writer.bytes(WHO, &to.wire());
            writer.bytes(BYTES, &units.to_be_bytes());
        }
        Deed::Blacklist { who, yes } => {
            writer.number(1, 4);
            writer.bytes(WHO, &who.wire());
            writer.number(FLAG, i64::from(yes));
        }
        Deed::Pause { yes } => {
            writer.number(1, 5);
            writer.number(FLAG, i64::from(yes));
        }
        Deed::Factor { factor, traffic } => {
            writer.number(1, 6);
            writer.number(FIGURE, factor);
            writer.number(OTHER, traffic.unwrap_or(0));
            writer.number(FLAG, i64::from(traffic.is_some()));
        }
        Deed::SetParam { param, value } => {
            writer.number(1, 7);
            // Its place may change with the list; its name does not.
            writer.bytes(BYTES, param.name().as_bytes());
            writer.number(FIGURE, value);
        }
        Deed::Stake { owner, resource, sun } => {
            writer.number(1, 8);
            writer.bytes(WHO, &owner.wire());
            writer.number(OTHER, number_of(resource));
            writer.number(FIGURE, sun);
        }
        Deed::Reclaim { owner, receiver, resource, sun } => {
            writer.number(1, 9);
            writer.bytes(WHO, &owner.wire());
            writer.bytes(WHOM, &receiver.wire());
            writer.number(OTHER, number_of(resource));
            writer.number(FIGURE, sun);
        }
    }
    writer.finish()
}

pub(super) fn read(bytes: &[u8]) -> Option<Deed> {
    let fields = Fields::read(bytes).ok()?;
    let who = || Address::from_wire(fields.bytes(WHO));
    let (figure, other, yes) = (fields.number(FIGURE), fields.number(OTHER), fields.number(FLAG) != 0);
    Some(match fields.number(1) {
        1 => Deed::Credit { to: who()?, sun: figure },
        2 => Deed::SetBalance { of: who()?, sun: figure },
        3 => Deed::Mint { to: who()?, units: u128::from_be_bytes(fields.bytes(BYTES).try_into().ok()?) },
        4 => Deed::Blacklist { who: who()?, yes },
        5 => Deed::Pause { yes },
        6 => Deed::Factor { factor: figure, traffic: yes.then_some(other) },
        7 => {
            let name = std::str::from_utf8(fields.bytes(BYTES)).ok()?;
            Deed::SetParam { param: Param::named(name)?, value: figure }
        }
        8 => Deed::Stake { owner: who()?, resource: Resource::of_wire(other)?, sun: figure },
        9 => Deed::Reclaim {
            owner: who()?,
            receiver: Address::from_wire(fields.bytes(WHOM))?,
            resource: Resource::of_wire(other)?,
            sun: figure,
        },
        _ => return None,
    })
}

const fn number_of(resource: Resource) -> i64 {
    match resource {
        Resource::Bandwidth => 0,
        Resource::Energy => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_is_read_back_as_it_was_written() {
        let (who, whom) = (Address::new([1; 20]), Address::new([2; 20]));
        let mut deeds = vec![
            Deed::Credit { to: who, sun: i64::MAX },
            Deed::SetBalance { of: who, sun: -5 },
            Deed::Mint { to: who, units: 0 },
            Deed::Mint { to: who, units: u128::MAX },
            Deed::Factor { factor: 7, traffic: None },
            Deed::Factor { factor: -7, traffic: Some(0) },
            Deed::Factor { factor: 0, traffic: Some(i64::MIN) },
        ];
        for yes in [false, true] {
            deeds.extend([Deed::Blacklist { who, yes }, Deed::Pause { yes }]);
        }
        for resource in [Resource::Bandwidth, Resource::Energy] {
            deeds.push(Deed::Stake { owner: who, resource, sun: 3 });
            deeds.push(Deed::Reclaim { owner: who, receiver: whom, resource, sun: 0 });
        }
        deeds.extend(Param::ALL.iter().map(|param| Deed::SetParam { param: *param, value: -1 }));
        for deed in deeds {
            let bytes = wire(&deed);
            assert_eq!(read(&bytes), Some(deed), "{bytes:?}");
            let mut cut = bytes.clone();
            cut.pop();
            assert_ne!(read(&cut), read(&bytes), "{bytes:?}");
        }
        assert_eq!(read(&[]), None);
    }
}
