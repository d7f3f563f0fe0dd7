"""A certificate authority for tests: good chains, and every kind of bad one.

``Pki(directory)`` writes PEM files there; ``pki.issue(kind)`` gives (and keeps) the chain of a
kind. ``KINDS`` lists the kinds with the error id that a client must report for "localhost".
"""

import datetime as dt
import ipaddress
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

KINDS: dict[str, str | None] = {
    "good": None,
    "rsa": None,
    "ed25519": None,
    "root_issued": None,
    "wildcard": None,
    "expiring": None,
    "must_staple": None,
    "intercepted": None,
    "expired": "tls.cert.expired",
    "not_yet_valid": "tls.cert.not_yet_valid",
    "wrong_name": "tls.cert.wrong_name",
    "no_san": "tls.cert.wrong_name",
    "self_signed": "tls.cert.self_signed",
    "missing_intermediate": "tls.cert.missing_intermediate",
    "unknown_authority": "tls.cert.unknown_authority",
    "unknown_issuer": "tls.cert.unknown_authority",
    "revoked": "tls.cert.revoked",
    "weak_key": "tls.cert.weak",
    "wrong_use": "tls.cert.wrong_use",
    "name_constrained": "tls.cert.invalid",
    "path_too_long": "tls.cert.invalid",
    "not_a_ca": "tls.cert.invalid",
    "bad_signature": "tls.cert.invalid",
}
"""What a client must say of each kind; ``revoked`` needs its staple or the CRL to be noticed."""


@dataclass(frozen=True)
class Authority:
    """A CA: its certificate and key."""

    certificate: x509.Certificate
    key: Key


@dataclass(frozen=True)
class Issued:
    """A server's or client's chain on disk. ``staple_file`` holds a DER OCSP response, if any."""

    cert_file: Path
    key_file: Path
    chain: tuple[x509.Certificate, ...]
    staple_file: Path | None = None

    def server_context(self) -> ssl.SSLContext:
        """A server's context of the standard library with this chain."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.load_cert_chain(self.cert_file, self.key_file)
        return context


class Pki:
    """A root, an intermediate, and what they issue. Files appear in ``directory`` on demand."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.now = dt.datetime.now(dt.UTC).replace(microsecond=0)
        self._issued: dict[str, Issued] = {}

    @cached_property
    def root(self) -> Authority:
        """The root that clients are to trust."""
        return self._authority("firstbyte test root")

    @cached_property
    def intermediate(self) -> Authority:
        """Issues the servers' certificates; may sign no further CA."""
        return self._authority("firstbyte test intermediate", self.root, path_length=0)

    @cached_property
    def stranger(self) -> Authority:
        """A CA that nobody here trusts."""
        return self._authority("another root")

    @cached_property
    def root_file(self) -> Path:
        """The root in PEM, for ``--cacert``."""
        return self._write("root.pem", _pem(self.root.certificate))

    @cached_property
    def root_and_crl_file(self) -> Path:
        """The root with the CRL that revokes the kind ``revoked``."""
        crl = self._revocation_list(self.intermediate, self.issue("revoked").chain[0])
        root_crl = self._revocation_list(self.root, None)
        return self._write("root-and-crl.pem", _pem(self.root.certificate) + crl + root_crl)

    @cached_property
    def client(self) -> Issued:
        """A client's certificate, issued by the intermediate."""
        key = _new_key()
        usage = (ExtendedKeyUsageOID.CLIENT_AUTH,)
        certificate = self._leaf("a client", key, self.intermediate, names=(), usage=usage)
        return self._save("client", key, certificate, self.intermediate.certificate)

    def issue(self, kind: str) -> Issued:
        """The chain of this kind (a key of ``KINDS``)."""
        if kind not in self._issued:
            make: Callable[[], Issued] = getattr(self, f"_make_{kind}")
            self._issued[kind] = make()
        return self._issued[kind]

    # one method a kind

    def _make_good(self) -> Issued:
        return self._usual("good", staple=True)

    def _make_rsa(self) -> Issued:
        return self._usual("rsa", rsa.generate_private_key(65537, 2048))

    def _make_ed25519(self) -> Issued:
        return self._usual("ed25519", ed25519.Ed25519PrivateKey.generate())

    def _make_root_issued(self) -> Issued:
        key = _new_key()
        return self._save("root_issued", key, self._leaf("root issued", key, self.root))

    def _make_wildcard(self) -> Issued:
        return self._usual("wildcard", names=("*.wild.test", "localhost"))

    def _make_expiring(self) -> Issued:
        return self._usual("expiring", days=(-60, 10))

    def _make_must_staple(self) -> Issued:
        return self._usual("must_staple", must_staple=True)

    def _make_intercepted(self) -> Issued:
        inspector, key = self._authority("Example Corp TLS inspection CA", self.root), _new_key()
        leaf = self._leaf("intercepted", key, inspector)
        return self._save("intercepted", key, leaf, inspector.certificate)

    def _make_expired(self) -> Issued:
        return self._usual("expired", days=(-30, -2))

    def _make_not_yet_valid(self) -> Issued:
        return self._usual("not_yet_valid", days=(10, 40))

    def _make_wrong_name(self) -> Issued:
        return self._usual("wrong_name", names=("other.test",), addresses=("192.0.2.1",))

    def _make_no_san(self) -> Issued:
        key = _new_key()
        certificate = self._leaf("localhost", key, self.intermediate, names=(), addresses=())
        return self._save("no_san", key, certificate, self.intermediate.certificate)

    def _make_self_signed(self) -> Issued:
        key = _new_key()
        return self._save("self_signed", key, self._leaf("localhost", key, None))

    def _make_missing_intermediate(self) -> Issued:
        key = _new_key()
        url = "http://ca.test/intermediate.crt"
        certificate = self._leaf("missing", key, self.intermediate, issuer_url=url)
        return self._save("missing_intermediate", key, certificate)

    def _make_unknown_authority(self) -> Issued:
        other, key = self.stranger, _new_key()
        leaf = self._leaf("unknown", key, other)
        return self._save("unknown_authority", key, leaf, other.certificate)

    def _make_unknown_issuer(self) -> Issued:
        other, key = self.stranger, _new_key()
        return self._save("unknown_issuer", key, self._leaf("unknown", key, other))

    def _make_revoked(self) -> Issued:
        return self._usual("revoked", staple=True, revoked=True)

    def _make_weak_key(self) -> Issued:
        return self._usual("weak_key", rsa.generate_private_key(65537, 1024))

    def _make_wrong_use(self) -> Issued:
        return self._usual("wrong_use", usage=(ExtendedKeyUsageOID.CLIENT_AUTH,))

    def _make_name_constrained(self) -> Issued:
        allowed = x509.NameConstraints([x509.DNSName("allowed.test")], None)
        bound = self._authority("bound intermediate", self.root, constraints=allowed)
        key = _new_key()
        leaf = self._leaf("bound", key, bound, addresses=())
        return self._save("name_constrained", key, leaf, bound.certificate)

    def _make_path_too_long(self) -> Issued:
        below, key = self._authority("one too many", self.intermediate), _new_key()
        leaf = self._leaf("deep", key, below)
        chain = (leaf, below.certificate, self.intermediate.certificate)
        return self._save("path_too_long", key, *chain)

    def _make_not_a_ca(self) -> Issued:
        middle_key, key = _new_key(), _new_key()
        middle = self._leaf("no CA", middle_key, self.intermediate)
        leaf = self._leaf("deep", key, Authority(middle, middle_key))
        return self._save("not_a_ca", key, leaf, middle, self.intermediate.certificate)

    def _make_bad_signature(self) -> Issued:
        key = _new_key()
        forger = Authority(self.intermediate.certificate, _new_key())
        leaf = self._leaf("forged", key, forger, authority_key=self.intermediate.key)
        return self._save("bad_signature", key, leaf, self.intermediate.certificate)

    # how certificates are made

    def _usual(
        self,
        kind: str,
        key: Key | None = None,
        *,
        staple: bool = False,
        revoked: bool = False,
        **how: Any,
    ) -> Issued:
        key = key or _new_key()
        leaf = self._leaf(kind, key, self.intermediate, **how)
        issued = self._save(kind, key, leaf, self.intermediate.certificate)
        if not staple:
            return issued
        file = self._write(f"{kind}.ocsp", self.staple(leaf, self.intermediate, revoked=revoked))
        return Issued(issued.cert_file, issued.key_file, issued.chain, file)

    def _authority(
        self,
        name: str,
        issuer: Authority | None = None,
        path_length: int | None = None,
        constraints: x509.NameConstraints | None = None,
    ) -> Authority:
        key = _new_key()
        builder = self._builder(name, key, issuer, (-400, 3650))
        builder = builder.add_extension(x509.BasicConstraints(True, path_length), critical=True)
        builder = builder.add_extension(_ca_key_usage(), critical=True)
        if constraints is not None:
            builder = builder.add_extension(constraints, critical=True)
        return Authority(_sign(builder, issuer.key if issuer else key), key)

    def _leaf(
        self,
        name: str,
        key: Key,
        issuer: Authority | None,
        *,
        names: tuple[str, ...] = ("localhost", "a.test", "b.test"),
        addresses: tuple[str, ...] = ("127.0.0.1", "::1"),
        days: tuple[int, int] = (-1, 365),
        usage: tuple[x509.ObjectIdentifier, ...] = (ExtendedKeyUsageOID.SERVER_AUTH,),
        issuer_url: str | None = None,
        authority_key: Key | None = None,
        must_staple: bool = False,
    ) -> x509.Certificate:
        builder = self._builder(name, key, issuer, days, authority_key)
        builder = builder.add_extension(x509.BasicConstraints(False, None), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage(usage), critical=False)
        alternatives: list[x509.GeneralName] = [x509.DNSName(each) for each in names]
        alternatives += [x509.IPAddress(ipaddress.ip_address(each)) for each in addresses]
        if alternatives:
            builder = builder.add_extension(
                x509.SubjectAlternativeName(alternatives), critical=False
            )
        if issuer_url is not None:
            method = AuthorityInformationAccessOID.CA_ISSUERS
            place = x509.UniformResourceIdentifier(issuer_url)
            access = x509.AuthorityInformationAccess([x509.AccessDescription(method, place)])
            builder = builder.add_extension(access, critical=False)
        if must_staple:
            feature = x509.TLSFeature([x509.TLSFeatureType.status_request])
            builder = builder.add_extension(feature, critical=False)
        return _sign(builder, issuer.key if issuer else key)

    def _builder(
        self,
        name: str,
        key: Key,
        issuer: Authority | None,
        days: tuple[int, int],
        authority_key: Key | None = None,
    ) -> x509.CertificateBuilder:
        signer = authority_key or (issuer.key if issuer else key)
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(issuer.certificate.subject if issuer else _name(name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now + dt.timedelta(days=days[0]))
            .not_valid_after(self.now + dt.timedelta(days=days[1]))
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .add_extension(identifier, critical=False)
        )

    def staple(
        self,
        certificate: x509.Certificate,
        issuer: Authority,
        *,
        revoked: bool = False,
        days: tuple[int, int] = (-1, 3),
        signer: Authority | None = None,
    ) -> bytes:
        """An OCSP response about ``certificate`` (DER), by the issuer or by ``signer``."""
        status = ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD
        responder = signer or issuer
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response(
                cert=certificate,
                issuer=issuer.certificate,
                algorithm=hashes.SHA1(),
                cert_status=status,
                this_update=self.now + dt.timedelta(days=days[0]),
                next_update=self.now + dt.timedelta(days=days[1]),
                revocation_time=self.now - dt.timedelta(days=1) if revoked else None,
                revocation_reason=x509.ReasonFlags.key_compromise if revoked else None,
            )
            .responder_id(ocsp.OCSPResponderEncoding.HASH, responder.certificate)
        )
        if signer is not None:
            builder = builder.certificates([signer.certificate])
        response = builder.sign(_signing_key(responder.key), hashes.SHA256())
        return response.public_bytes(serialization.Encoding.DER)

    def ocsp_responder(self) -> Authority:
        """A responder that the intermediate appointed (RFC 6960, 4.2.2.2)."""
        key = _new_key()
        usage = (ExtendedKeyUsageOID.OCSP_SIGNING,)
        return Authority(self._leaf("OCSP", key, self.intermediate, usage=usage), key)

    def _revocation_list(self, issuer: Authority, revoked: x509.Certificate | None) -> bytes:
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(issuer.certificate.subject)
            .last_update(self.now - dt.timedelta(days=1))
            .next_update(self.now + dt.timedelta(days=5))
        )
        if revoked is not None:
            entry = (
                x509.RevokedCertificateBuilder()
                .serial_number(revoked.serial_number)
                .revocation_date(self.now - dt.timedelta(days=1))
            )
            builder = builder.add_revoked_certificate(entry.build())
        crl = builder.sign(_signing_key(issuer.key), hashes.SHA256())
        return crl.public_bytes(serialization.Encoding.PEM)

    def _save(self, kind: str, key: Key, *chain: x509.Certificate) -> Issued:
        secret = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return Issued(
            cert_file=self._write(f"{kind}.pem", b"".join(_pem(each) for each in chain)),
            key_file=self._write(f"{kind}.key", secret),
            chain=chain,
        )

    def _write(self, name: str, data: bytes) -> Path:
        file = self.directory / name
        file.write_bytes(data)
        return file


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _sign(builder: x509.CertificateBuilder, key: Key) -> x509.Certificate:
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, algorithm)


def _signing_key(key: Key) -> ec.EllipticCurvePrivateKey:
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def _ca_key_usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
