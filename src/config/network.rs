//! Networks that an operator names, so that publishers can choose them: `[[access.network]]`.

use std::net::IpAddr;

use ipnet::IpNet;

use super::given::Refusal;
use super::value::InvalidValue;

/// The most ranges of one network.
pub(super) const MOST_RANGES: usize = 200;

/// A network by its name: ranges of addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// What publishers and their apps' records call it: letters, digits, `-` and `_`.
    pub name: String,
    /// What it is, for publishers to read.
    pub description: Option<String>,
    /// Its ranges.
    pub ranges: Vec<IpNet>,
}

impl Network {
    /// Whether `address` is in it. An IPv4 address that is written as an IPv6 one is the same address.
    #[must_use]
    pub fn holds(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.ranges.iter().any(|range| range.contains(&address))
    }
}

/// A table of `[[access.network]]` in the making.
#[derive(Clone, Debug, Default)]
pub(super) struct NetworkDraft {
    pub name: Option<String>,
    pub description: Option<String>,
    pub ranges: Option<Vec<IpNet>>,
}

impl NetworkDraft {
    /// The network, when it is whole.
    pub(super) fn finish(self) -> Option<Network> {
        Some(Network { name: self.name?, description: self.description, ranges: self.ranges? })
    }
}

/// Reads a network's name.
pub(super) fn parse_network_name(given: &str) -> Result<String, InvalidValue> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if given.len() > 40 || !given.bytes().all(plain) {
        return Err(InvalidValue::new(given, "a network's name", "at most 40 letters, digits, `-` and `_`"));
    }
    Ok(given.to_owned())
}

/// Reads a range such as `10.0.0.0/8`, or one address.
pub(super) fn parse_range(given: &str) -> Result<IpNet, Refusal> {
    let alone = || given.parse::<IpAddr>().ok().map(IpNet::from);
    let range = given.parse::<IpNet>().ok().or_else(alone).ok_or_else(|| {
        let shown: String = given.chars().take(80).flat_map(char::escape_debug).collect();
        format!("`{shown}` is not a range of addresses; write it like `10.0.0.0/8` or `2001:db8::/32`")
    })?;
    // `10.1.2.3/8` may be meant as one address or as many: whoever wrote it must say which.
    if range.addr() != range.network() {
        let (whole, alone) = (range.trunc(), range.addr());
        return Err(format!(
            "`{given}` has bits beyond its prefix; write `{whole}`, or `{alone}` for that address alone"
        ));
    }
    Ok(range)
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, Flags};
    use crate::model::Audience;

    fn load(text: &str) -> Result<Config, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("loggia.toml");
        std::fs::write(&path, text).unwrap();
        let home = format!("{}/", dir.path().display());
        Config::load(Some(&path), std::iter::empty(), &Flags::default())
            .map_err(|error| error.to_string().replace(&home, ""))
    }

    #[test]
    fn networks_are_named_described_and_in_ranges() {
        let config = load(
            "[access]\naudiences = [\"signed-in\"]\nadministrators = [\"group:admins\"]\n\
             [[access.network]]\nname = \"office\"\ndescription = \"The offices\"\nranges = [\"10.0.0.0/8\", \"2001:db8::/32\"]\n\
             [[access.network]]\nname = \"one\"\nranges = [\"192.0.2.7\"]\n",
        )
        .unwrap();
        let [office, one] = config.access.networks.as_slice() else { panic!("{:?}", config.access.networks) };
        assert_eq!((office.name.as_str(), office.description.as_deref()), ("office", Some("The offices")));
        let holds = |network: &super::Network, address: &str| network.holds(address.parse().unwrap());
        assert!(holds(office, "10.1.2.3") && holds(office, "2001:db8::9") && !holds(office, "11.0.0.1"));
        assert!(holds(one, "192.0.2.7") && holds(one, "::ffff:192.0.2.7") && !holds(one, "192.0.2.8"));
        assert_eq!(config.access.audiences, [Audience::SignedIn]);
        assert_eq!(config.access.administrators.len(), 1);
    }

    #[test]
    fn variables_name_networks_too() {
        let variables =
            [("LOGGIA_ACCESS_NETWORK_1_NAME", "vpn"), ("LOGGIA_ACCESS_NETWORK_1_RANGES", "10.8.0.0/16,::1")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let config = Config::load(None, variables.into_iter(), &Flags::default()).unwrap();
        let [vpn] = config.access.networks.as_slice() else { panic!("{:?}", config.access.networks) };
        assert_eq!((vpn.name.as_str(), vpn.ranges.len()), ("vpn", 2));
    }

    #[test]
    fn every_mistake_about_networks_says_the_cure() {
        let network = |lines: &str| load(&format!("[[access.network]]\n{lines}\n")).unwrap_err();
        let told = [
            network("ranges = [\"10.0.0.0/8\"]"),
            network("name = \"the office\"\nranges = [\"10.0.0.0/8\"]"),
            network("name = \"office\""),
            network("name = \"office\"\nranges = []"),
            network("name = \"office\"\nranges = [\"10.0.0.0/33\"]"),
            network("name = \"office\"\nranges = [\"10.1.2.3/8\"]"),
            network("name = \"office\"\nranges = \"10.0.0.0/8\""),
            network("name = \"office\"\nrange = [\"10.0.0.0/8\"]"),
            network("name = \"a\"\nranges = [\"::1\"]\n[[access.network]]\nname = \"a\"\nranges = [\"::2\"]"),
            network("name = \"a\"\nranges = [\"::1\"]\n[[access.network]]\ndescription = \"The second\""),
            load("[access]\nnetwork = \"office\"").unwrap_err(),
            load("[access]\naudiences = [\"everybody\"]").unwrap_err(),
        ];
        insta::assert_snapshot!(told.join("\n"));
    }
}
