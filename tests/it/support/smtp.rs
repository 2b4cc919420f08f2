//! A mail server that keeps what it is sent, and can be told to refuse it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use loggia::config::{Mail, MailSecurity, Sender};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// The server, on a port of its own.
#[derive(Clone)]
pub(crate) struct PostOffice {
    pub(crate) port: u16,
    kept: Arc<Mutex<Vec<String>>>,
    refusals: Arc<Mutex<VecDeque<&'static str>>>,
}

impl PostOffice {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let office = Self {
            port: listener.local_addr().unwrap().port(),
            kept: Arc::default(),
            refusals: Arc::default(),
        };
        let serving = office.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let office = serving.clone();
                tokio::spawn(async move { office.converse(stream).await });
            }
        });
        office
    }

    /// Answers the next letter with this line rather than taking it.
    pub(crate) fn refuse(&self, answer: &'static str) {
        self.refusals.lock().unwrap().push_back(answer);
    }

    /// The letters so far.
    pub(crate) fn letters(&self) -> Vec<String> {
        self.kept.lock().unwrap().clone()
    }

    /// Waits until there are so many letters, and answers the last of them.
    pub(crate) async fn letter(&self, number: usize) -> String {
        for _ in 0..1500 {
            if let Some(letter) = self.letters().get(number - 1) {
                return letter.clone();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("letter {number} did not come within 30 s");
    }

    async fn converse(&self, mut stream: TcpStream) -> Option<()> {
        let (read, mut write) = stream.split();
        let mut lines = BufReader::new(read).lines();
        write.write_all(b"220 double\r\n").await.ok()?;
        while let Some(line) = lines.next_line().await.ok()? {
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            let answer = match verb.as_str() {
                "MAIL" => self.refusals.lock().unwrap().pop_front().unwrap_or("250 ok"),
                "DATA" => {
                    write.write_all(b"354 go on\r\n").await.ok()?;
                    let mut letter = String::new();
                    loop {
                        let line = lines.next_line().await.ok()??;
                        if line == "." {
                            break;
                        }
                        letter += line.strip_prefix('.').unwrap_or(&line);
                        letter.push('\n');
                    }
                    self.kept.lock().unwrap().push(letter);
                    "250 kept"
                }
                "QUIT" => {
                    write.write_all(b"221 bye\r\n").await.ok()?;
                    return Some(());
                }
                _ => "250 ok",
            };
            write.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
        }
        Some(())
    }
}

/// The settings for a server on this port of this machine.
pub(crate) fn mail(port: u16) -> Mail {
    Mail {
        server: "127.0.0.1".into(),
        port,
        security: MailSecurity::None,
        login: None,
        ca_file: None,
        from: Sender { name: Some("Guidance".into()), address: "no-reply@example.org".parse().unwrap() },
    }
}

/// The six digits that stand on a line of their own in a letter.
pub(crate) fn code_in(letter: &str) -> String {
    let digits = |line: &&str| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit());
    letter.lines().map(str::trim).find(digits).unwrap_or_else(|| panic!("no code in:\n{letter}")).to_owned()
}
