//! Networks that an operator names, so that publishers can choose them: `[[access.network]]`.

use std::net::IpAddr;

use ipnet::IpNet;

use super::given::Refusal;
use super::source::{Given, Raw, Table};

/// The most networks, and the most ranges of one.
const MOST: usize = 200;

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

impl Given {
    /// Networks, each a table with `name`, `ranges` and perhaps `description`.
    pub(super) fn networks(&self) -> Result<Vec<Network>, Refusal> {
        let Raw::Tables(tables) = &self.value else {
            return Err("networks are written in the file, each under a line `[[access.network]]`".to_owned());
        };
        let networks: Vec<Network> = tables.iter().map(network).collect::<Result<_, _>>()?;
        if networks.len() > MOST {
            return Err(format!("{} networks are more than {MOST}; join some", networks.len()));
        }
        for (at, network) in networks.iter().enumerate() {
            if networks[..at].iter().any(|earlier| earlier.name == network.name) {
                return Err(format!(
                    "two networks are called `{}`; give each a name of its own",
                    network.name
                ));
            }
        }
        Ok(networks)
    }
}

fn network(table: &Table) -> Result<Network, Refusal> {
    if let Some(other) = table.keys().find(|key| !["name", "description", "ranges"].contains(&key.as_str())) {
        return Err(format!(
            "`{other}` is not a setting of a network; it has `name`, `description`, `ranges`"
        ));
    }
    let text = |key: &str| match table.get(key) {
        Some(Raw::Text(text)) if !text.trim().is_empty() => Ok(Some(text.trim().to_owned())),
        None => Ok(None),
        Some(_) => Err(format!("a network's `{key}` is no text; write `{key} = \"…\"`")),
    };
    let name = text("name")?.ok_or("a network has no `name`; give it one, such as `name = \"office\"`")?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if name.len() > 40 || !name.bytes().all(plain) {
        return Err(format!(
            "`{}` is not a network's name; use at most 40 letters, digits, `-` and `_`",
            name.escape_debug()
        ));
    }
    let Some(Raw::List(given)) = table.get("ranges") else {
        return Err(format!("network `{name}` has no `ranges`; write them as `ranges = [\"10.0.0.0/8\"]`"));
    };
    if given.is_empty() || given.len() > MOST {
        return Err(format!("network `{name}` has {} ranges; write 1 to {MOST}", given.len()));
    }
    let ranges: Result<Vec<IpNet>, _> = given.iter().map(|range| self::range(&name, range)).collect();
    Ok(Network { description: text("description")?, ranges: ranges?, name })
}

/// A range such as `10.0.0.0/8`, or one address.
fn range(name: &str, given: &str) -> Result<IpNet, Refusal> {
    let given = given.trim();
    let alone = || given.parse::<IpAddr>().ok().map(IpNet::from);
    let range = given.parse::<IpNet>().ok().or_else(alone).ok_or_else(|| {
        format!(
            "network `{name}`: `{}` is not a range of addresses; write it like `10.0.0.0/8` or `2001:db8::/32`",
            given.chars().take(80).flat_map(char::escape_debug).collect::<String>()
        )
    })?;
    // `10.1.2.3/8` may be meant as one address or as many: whoever wrote it must say which.
    if range.addr() != range.network() {
        return Err(format!(
            "network `{name}`: `{given}` has bits beyond its prefix; write `{}`, or `{}` for that address alone",
            range.trunc(),
            range.addr()
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
            load("[access]\nnetwork = \"office\"").unwrap_err(),
            load("[access]\naudiences = [\"everybody\"]").unwrap_err(),
        ];
        insta::assert_snapshot!(told.join("\n"));
    }
}
