//! The ledger: codes that work once, tokens.

use super::*;

#[tokio::test]
async fn a_code_is_burnt_once_for_all_servers() {
    let house = House::new().await;
    let neighbour = house.neighbour().await;
    assert!(house.releases.burn("code").await.unwrap());
    assert!(!neighbour.burn("code").await.unwrap());
    assert!(!house.releases.burn("code").await.unwrap());
    assert!(neighbour.burn("another").await.unwrap());
}

#[tokio::test]
async fn a_token_is_found_under_its_owner_until_it_is_taken_back() {
    let house = House::new().await;
    let neighbour = house.neighbour().await;
    let person = ann().person;
    let owner = Key::owner(&person.subject);
    let now = house.clock.now();
    let record = TokenRecord {
        id: Ulid::from_parts(1, 2),
        person,
        label: "laptop".to_owned(),
        scope: TokenScope::All,
        may: Ability::All,
        secret_sha256: Digest::of(b"secret"),
        created: now,
        expires: now,
        used: None,
        job: None,
    };
    house.releases.put_token(&record).await.unwrap();
    assert_eq!(neighbour.token(&owner, record.id).await.unwrap().as_deref(), Some(&record));
    assert!(neighbour.token(&"0".repeat(32), record.id).await.unwrap().is_none());
    assert_eq!(neighbour.tokens_of(&owner).await.unwrap(), std::slice::from_ref(&record));

    house.releases.delete_token(&owner, record.id).await.unwrap();
    assert!(house.releases.token(&owner, record.id).await.unwrap().is_none());
    house.clock.advance(Duration::from_secs(3));
    assert!(
        neighbour.token(&owner, record.id).await.unwrap().is_none(),
        "a revoked token lives on elsewhere"
    );
}
