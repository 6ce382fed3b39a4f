//! Whose address-of-record it is (RFC 3261 section 10.3 steps 4 and 5).

use crate::place::authorize;
use sip_registrar::NotTheirAddressOfRecord;

#[test]
fn only_the_owner_of_an_address_of_record_may_register_for_it() {
    for to in ["sip:alice@example.test", "sip:alice@EXAMPLE.test:5060;transport=udp", "sips:%61lice@example.test"] {
        assert_eq!(authorize(to), Ok(()), "{to}");
    }
    for to in ["sip:bob@example.test", "sip:Alice@example.test", "sip:alice@other.test", "sip:example.test", "tel:1"] {
        assert_eq!(authorize(to), Err(NotTheirAddressOfRecord), "{to}");
    }
}
