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
