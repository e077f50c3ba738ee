use std::{fs, path::PathBuf};

use super::{
    super::{
        address::Address,
        chain::{Chain, ClockKind, Deed, Fate},
        config::TronConfig,
        key::Account,
        network::wall_ms,
    },
    *,
};

struct Place {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tron.state");
        Self { _folder: folder, path }
    }

    fn open(&self) -> Result<(Chain, Resumed), StateError> {
        self.open_as(&TronConfig { accounts: 2, ..TronConfig::test(5) })
    }

    fn open_as(&self, config: &TronConfig) -> Result<(Chain, Resumed), StateError> {
        self.open_at(config, 0)
    }

    fn open_at(&self, config: &TronConfig, wall_ms: i64) -> Result<(Chain, Resumed), StateError> {
        let bank = Account::derived("bank", config.seed, 0).address();
        Chain::kept(config.setup(&config.known_accounts(), bank), &self.path, wall_ms)
    }

    fn size(&self) -> usize {
        fs::read(&self.path).unwrap().len()
    }
}

/// A file of a few blocks with orders in them, its blocks' ids, and how long it was after each.
fn written(place: &Place) -> (Vec<[u8; 32]>, Vec<usize>) {
    let (mut chain, _) = place.open().unwrap();
    let mut sizes = vec![place.size()];
    for nth in 0..4_u8 {
        chain.order(Deed::Credit { to: Address::new([nth; 20]), sun: 7 });
        chain.mine(0).unwrap();
        sizes.push(place.size());
    }
    let ids = (0..=chain.head().number).map(|number| chain.id_of(number).unwrap()).collect();
    (ids, sizes)
}

#[test]
fn whatever_length_a_kill_leaves_every_whole_block_is_there_and_the_rest_is_cut_off() {
    let place = Place::new();
    let (ids, sizes) = written(&place);
    let whole = fs::read(&place.path).unwrap();
    let first = ids.len() - sizes.len();
    for length in (0..=whole.len()).filter(|length| length % 5 == 0 || *length + 70 > whole.len()) {
        fs::write(&place.path, &whole[..length]).unwrap();
        let (chain, resumed) = place.open().unwrap_or_else(|error| panic!("{length}: {error}"));
        let blocks = sizes.iter().filter(|size| **size <= length).count();
        let head = first + blocks.max(1) - 1;
        assert_eq!(chain.head().number, u64::try_from(head).unwrap(), "{length}");
        for (number, id) in (0..).zip(&ids[..=head]) {
            assert_eq!(chain.id_of(number), Some(*id), "{length}");
        }
        if length >= sizes[0] {
            let kept = sizes.iter().rev().find(|size| **size <= length).unwrap();
            assert_eq!(resumed.cut_bytes, u64::try_from(length - kept).unwrap());
            assert_eq!(fs::read(&place.path).unwrap(), whole[..*kept]);
        }
        drop(chain);
        assert_eq!(place.open().unwrap().1.cut_bytes, 0, "{length}");
    }
}

#[test]
fn any_other_damage_is_one_sentence_and_the_file_stays_as_it_is() {
    let place = Place::new();
    written(&place);
    let whole = fs::read(&place.path).unwrap();
    let mut missing = whole.clone();
    missing.drain(200..205);
    let mut spoiled = vec![missing, b"hello".to_vec(), [whole.clone(), vec![0; 64]].concat()];
    for at in (0..whole.len()).step_by(3) {
        let mut one = whole.clone();
        one[at] ^= 1 << (at % 8);
        spoiled.push(one);
    }
    for bytes in spoiled {
        fs::write(&place.path, &bytes).unwrap();
        let error = place.open().expect_err("it is damaged").to_string();
        assert!(error.contains("tron.state") && !error.contains('\n'), "{error}");
        assert_eq!(fs::read(&place.path).unwrap(), bytes, "{error}");
    }
    fs::write(&place.path, &whole).unwrap();
    assert!(place.open().is_ok());
}

#[test]
fn another_genesis_a_newer_form_and_a_second_process_are_refused() {
    let place = Place::new();
    written(&place);
    let whole = fs::read(&place.path).unwrap();
    let usual = || TronConfig { accounts: 2, ..TronConfig::test(5) };
    let others = [
        ("seed 5, not 6", TronConfig { seed: 6, ..usual() }),
        ("chain id 0x5453494d, not 0x7", TronConfig { chain_id: 7, ..usual() }),
        ("accounts 2, not 3", TronConfig { accounts: 3, ..usual() }),
        ("test dollars", TronConfig { usdt_units_each: 1, ..usual() }),
        ("token", TronConfig { usdt: Address::new([1; 20]), ..usual() }),
        ("factor 34000, not 1", TronConfig { factor: 1, ..usual() }),
        ("a clock that stands still, not runs", TronConfig { clock: ClockKind::Real, ..usual() }),
    ];
    for (words, config) in others {
        let error = place.open_as(&config).expect_err(words).to_string();
        assert!(error.contains(words), "{error}");
    }
    let mut newer = whole.clone();
    newer[MAGIC.len() + 3] = 2;
    fs::write(&place.path, &newer).unwrap();
    let error = place.open().expect_err("a newer form").to_string();
    assert!(error.contains("has form 2") && error.contains("reads form 1"), "{error}");
    assert_eq!(fs::read(&place.path).unwrap(), newer);
    fs::write(&place.path, &whole).unwrap();
    let _held = place.open().unwrap();
    assert!(matches!(place.open(), Err(StateError::InUse { .. })));
    assert_eq!(fs::read(&place.path).unwrap(), whole);
}

#[test]
fn what_was_replaced_stalled_and_moved_comes_back() {
    let place = Place::new();
    let (mut chain, _) = place.open().unwrap();
    chain.stall(true);
    for _ in 0..3 {
        chain.mine(0).unwrap();
    }
    chain.reorg(2, Fate::Dropped, 0).unwrap();
    chain.advance(3_600_000);
    let stands = |chain: &Chain| {
        let ids: Vec<_> = (0..=chain.head().number).map(|number| chain.id_of(number)).collect();
        (ids, chain.solid(), chain.is_stalled(), chain.now_ms(0))
    };
    let before = stands(&chain);
    drop(chain);
    let (mut chain, resumed) = place.open().unwrap();
    assert_eq!(stands(&chain), before);
    assert_eq!(resumed, Resumed { blocks: 9, transactions: 0, cut_bytes: 0 });
    chain.stall(false);
    chain.mine(0).unwrap();
    assert!(chain.head().time_ms >= before.3);
    let before = stands(&chain);
    drop(chain);
    assert_eq!(stands(&place.open().unwrap().0), before);
    // How far final is behind is what is asked for now, and nothing that was final is less so.
    let nearer = TronConfig { accounts: 2, solid_lag: 0, ..TronConfig::test(5) };
    let chain = place.open_as(&nearer).unwrap().0;
    assert_eq!(chain.solid(), chain.head().number);
    drop(chain);
    assert_eq!(place.open().unwrap().0.solid(), u64::try_from(before.0.len()).unwrap() - 1);
}

#[test]
fn a_chain_that_stood_still_goes_on_at_the_slot_of_now() {
    let place = Place::new();
    let config = TronConfig { accounts: 2, clock: ClockKind::Real, ..TronConfig::test(5) };
    let begun = wall_ms();
    let head = place.open_at(&config, begun).unwrap().0.head().time_ms;
    let hours = head + 5 * 3_600_000 + 1;
    let (mut chain, _) = place.open_at(&config, hours).unwrap();
    assert_eq!((chain.head().time_ms, chain.is_due(hours)), (head, true));
    chain.mine(hours).unwrap();
    assert_eq!(chain.head().time_ms, hours - 1);
    assert!(!chain.is_due(hours + 2_998) && chain.is_due(hours + 2_999));
    drop(chain);
    // A machine whose clock was set back does not stop the chain.
    let (chain, _) = place.open_as(&config).unwrap();
    assert_eq!(chain.now_ms(0), hours - 1);
}

#[test]
fn a_write_that_failed_is_the_last_one_and_is_told() {
    let place = Place::new();
    let file = File::create(&place.path).and_then(|_| File::open(&place.path)).unwrap();
    let failed = watch::Sender::new(None);
    let mut journal =
        Journal { path: place.path.clone(), file, size_bytes: 0, seal: Seal::default(), failed };
    let failing = journal.failing();
    assert_eq!((journal.add(b"read only"), journal.add(b"still")), (Err(Unwritten), Err(Unwritten)));
    let why = failing.borrow().clone().unwrap();
    assert!(why.contains("tron.state cannot be written any more: "), "{why}");
}
