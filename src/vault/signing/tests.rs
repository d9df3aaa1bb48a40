#![expect(clippy::unwrap_used, reason = "tests")]
use super::*;
use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

const RSA: &str = include_str!("../../tests/support/keys/rsa.pem");
const RSA_PKCS1: &str = include_str!("../../tests/support/keys/rsa-pkcs1.pem");
const RSA_PUBLIC: &[u8] = include_bytes!("../../tests/support/keys/rsa-public.der");
const RSA_PUBLIC_PEM: &str = include_str!("../../tests/support/keys/rsa-public.pem");
const RSA_SMALL: &str = include_str!("../../tests/support/keys/rsa-1024.pem");
const EC: &str = include_str!("../../tests/support/keys/ec.pem");
const EC_SEC1: &str = include_str!("../../tests/support/keys/ec-sec1.pem");
const EC_PUBLIC: &[u8] = include_bytes!("../../tests/support/keys/ec-public.bin");
const EC_P384: &str = include_str!("../../tests/support/keys/ec-p384.pem");
const EC_ENCRYPTED: &str = include_str!("../../tests/support/keys/ec-encrypted.pem");

/// The claims of RFC 7515 appendix A, with its line breaks.
const CLAIMS: &str = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";

/// RFC 7515 appendix A.1.
#[test]
fn the_hs256_of_the_rfc() {
    let secret = URL_SAFE_NO_PAD.decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow").unwrap();
    let jwt = SigningKey::hmac(&secret).unwrap().jwt("{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}", CLAIMS).unwrap();
    assert!(jwt.starts_with("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQog"), "{jwt}");
    assert!(jwt.ends_with(".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), "{jwt}");
}

/// RFC 7515 appendix A.2.
#[test]
fn the_rs256_of_the_rfc() {
    for key in [RSA, RSA_PKCS1] {
        let jwt = SigningKey::rsa(key).unwrap().jwt("{\"alg\":\"RS256\"}", CLAIMS).unwrap();
        let (signed, signature) = jwt.rsplit_once('.').unwrap();
        assert_eq!(
            signature,
            "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
        );
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, RSA_PUBLIC);
        assert!(key.verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).is_ok());
    }
}

/// The key of RFC 7515 appendix A.3. Its signatures differ each time: the public key tells.
#[test]
fn es256_is_verified_by_the_key_of_the_rfc() {
    for key in [EC, EC_SEC1] {
        let jwt = SigningKey::ecdsa_p256(key).unwrap().jwt("{\"alg\":\"ES256\"}", CLAIMS).unwrap();
        let (signed, signature) = jwt.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        assert_eq!(signature.len(), 64, "the two halves one after the other, not DER");
        assert!(UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, EC_PUBLIC).verify(signed.as_bytes(), &signature).is_ok());
    }
}

#[test]
fn keys_are_read_as_people_paste_them() {
    let one_line = RSA.replace('\n', "");
    let spaces = RSA.replace('\n', " ");
    let windows = RSA.replace('\n', "\r\n");
    let json = RSA.replace('\n', "\\n");
    let with_curve = format!("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{EC_SEC1}");
    for text in [&one_line, &spaces, &windows, &json, &format!("\n {RSA} \n")] {
        assert!(SigningKey::rsa(text).is_ok(), "{text}");
    }
    assert!(SigningKey::ecdsa_p256(&with_curve).is_ok());
}

#[test]
fn what_is_wrong_with_a_key_is_told() {
    let rsa = |text: &str| SigningKey::rsa(text).err().unwrap();
    let ecdsa = |text: &str| SigningKey::ecdsa_p256(text).err().unwrap();
    assert_eq!(rsa("MIIEvgIBADANBg"), KeyError::NotPem);
    assert_eq!(rsa(""), KeyError::NotPem);
    assert_eq!(rsa(&RSA[..RSA.len() / 2]), KeyError::NotPem, "half of it");
    assert_eq!(rsa(&RSA.replace("MII", "M*I")), KeyError::NotPem);
    assert_eq!(rsa(RSA_PUBLIC_PEM), KeyError::NotPrivate);
    assert_eq!(rsa("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"), KeyError::NotPrivate);
    assert_eq!(rsa(RSA_SMALL), KeyError::RsaSize);
    assert_eq!(rsa(EC), KeyError::NotRsa);
    assert_eq!(ecdsa(RSA), KeyError::NotP256);
    assert_eq!(ecdsa(EC_P384), KeyError::NotP256);
    assert_eq!(ecdsa(EC_ENCRYPTED), KeyError::Encrypted);
    assert_eq!(rsa("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nabcd\n-----END RSA PRIVATE KEY-----"), KeyError::Encrypted);
    assert_eq!(SigningKey::hmac(b"").err().unwrap(), KeyError::Empty);
    for bad in ["abc", "zz", "a b"] {
        assert_eq!(from_hex(bad).unwrap_err(), KeyError::NotHex, "{bad}");
    }
    assert_eq!(from_hex(" 00fF ").unwrap().as_slice(), [0, 255]);
}
