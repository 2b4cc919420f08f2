//! Asking a bucket that has bad days.
//!
//! 1. While it does not answer at all, hardly anybody waits for it (`Breaker`).
//! 2. An answer that takes longer than is usual is asked for a second time, and the first to come counts.
//! 3. What came to nothing is repeated after a pause that grows and varies, within a bound of tries and time.
//! 4. Second tries of either kind are paid from one `Budget`.
//!
//! For whatever may be done twice. Writes have rules of their own ([`super::put`]) and the same breaker.

use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::answer::Answer;
use super::{S3, connect};
use crate::model::Entropy;

impl S3 {
    /// What `once` comes to, repeated where that may help. Every certain answer ends it, a refusal too.
    pub(super) async fn ask<T, F>(&self, once: impl Fn() -> F) -> Result<T, Answer>
    where
        F: Future<Output = Result<T, Answer>>,
    {
        self.ask_within(self.patience.operation, once).await
    }

    /// The same, with another bound of time for all tries together.
    pub(super) async fn ask_within<T, F>(&self, longest: Duration, once: impl Fn() -> F) -> Result<T, Answer>
    where
        F: Future<Output = Result<T, Answer>>,
    {
        let until = Instant::now() + longest;
        let mut tries = 0;
        loop {
            self.admit(until).await?;
            let late = || Err(Answer::Doubtful("no answer in time".to_owned()));
            let answer = timeout_at(until, Box::pin(once())).await.unwrap_or_else(|_| late());
            self.note(answer.as_ref().err());
            tries += 1;
            let pause = connect::pause(self.patience, tries, Entropy::system().bytes::<1>()[0]);
            let again = answer.as_ref().is_err_and(Answer::may_pass)
                && tries < self.patience.attempts
                // A pause after which nothing can be asked any more helps nobody.
                && Instant::now() + pause < until
                && self.budget.pay();
            if !again {
                return answer;
            }
            sleep(pause).await;
        }
    }

    /// What `send` comes to, sent a second time when it takes longer than is usual.
    pub(super) async fn hedged<T, F>(&self, send: impl Fn() -> F) -> Result<T, Answer>
    where
        F: Future<Output = Result<T, Answer>>,
    {
        let begun = Instant::now();
        let mut first = Box::pin(send());
        let answer = match timeout(self.recent.usual(), &mut first).await {
            Ok(answer) => answer,
            Err(_) if self.budget.pay() => {
                let certain = |answer: &Result<T, Answer>| !answer.as_ref().is_err_and(Answer::may_pass);
                match select(first, Box::pin(send())).await {
                    Either::Left((answer, _)) | Either::Right((answer, _)) if certain(&answer) => answer,
                    Either::Left((_, second)) => second.await,
                    Either::Right((_, first)) => first.await,
                }
            }
            Err(_) => first.await,
        };
        if !answer.as_ref().is_err_and(Answer::may_pass) {
            self.recent.remember(begun.elapsed());
        }
        answer
    }

    /// Lets a try through, now or within a moment and before `until`, or says that the bucket is left alone.
    pub(super) async fn admit(&self, until: Instant) -> Result<(), Answer> {
        loop {
            let now = Instant::now();
            match self.breaker.admit(now) {
                Ok(()) => return Ok(()),
                Err(rest) if rest <= self.patience.pause && now + rest < until => sleep(rest).await,
                Err(_) => return Err(Answer::Busy("it has not answered for a while".to_owned())),
            }
        }
    }

    /// Takes note of what a try came to.
    pub(super) fn note(&self, failure: Option<&Answer>) {
        match failure {
            Some(why) if why.is_failure() => {
                if self.breaker.failed(Instant::now()) {
                    tracing::warn!(
                        storage = self.describe(),
                        ?why,
                        "storage does not answer; what is not held here answers 503 until it does"
                    );
                }
            }
            Some(_) | None => {
                self.budget.earn();
                if self.breaker.answered() {
                    tracing::info!(storage = self.describe(), "storage answers again");
                }
            }
        }
    }
}
