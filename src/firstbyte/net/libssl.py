"""The OpenSSL that Python's own ``ssl`` has loaded, called directly.

The one of pyOpenSSL is another copy, whose random numbers nobody can take the place of.
"""

import ctypes
import ssl
from ctypes import c_char_p, c_int, c_long, c_size_t, c_uint64, c_ulong, c_void_p
from functools import cache
from typing import Any

OnMessage = ctypes.CFUNCTYPE(None, c_int, c_int, c_int, c_void_p, c_size_t, c_void_p, c_void_p)
"""SSL_CTX_set_msg_callback(3): sent, version, content type, bytes, their number, SSL, argument."""
OnSecret = ctypes.CFUNCTYPE(None, c_void_p, c_char_p)
"""SSL_CTX_set_keylog_callback(3): SSL, line."""

# name: the result's type, then the arguments'
_FUNCTIONS: dict[str, tuple[Any, ...]] = {
    "BIO_ctrl_pending": (c_size_t, c_void_p),
    "BIO_new": (c_void_p, c_void_p),
    "BIO_read": (c_int, c_void_p, c_void_p, c_int),
    "BIO_s_mem": (c_void_p,),
    "BIO_write": (c_int, c_void_p, c_char_p, c_int),
    "ERR_clear_error": (None,),
    "ERR_get_error": (c_ulong,),
    "ERR_reason_error_string": (c_char_p, c_ulong),
    "EVP_PKEY_free": (None, c_void_p),
    "OPENSSL_sk_num": (c_int, c_void_p),
    "OPENSSL_sk_value": (c_void_p, c_void_p, c_int),
    "SSL_CIPHER_get_name": (c_char_p, c_void_p),
    "SSL_CTX_ctrl": (c_long, c_void_p, c_int, c_long, c_void_p),
    "SSL_CTX_free": (None, c_void_p),
    "SSL_CTX_new": (c_void_p, c_void_p),
    "SSL_CTX_set_cipher_list": (c_int, c_void_p, c_char_p),
    "SSL_CTX_set_ciphersuites": (c_int, c_void_p, c_char_p),
    "SSL_CTX_set_keylog_callback": (None, c_void_p, OnSecret),
    "SSL_CTX_set_msg_callback": (None, c_void_p, OnMessage),
    "SSL_CTX_set_options": (c_uint64, c_void_p, c_uint64),
    "SSL_CTX_set_security_level": (None, c_void_p, c_int),
    "SSL_CTX_set_verify": (None, c_void_p, c_int, c_void_p),
    "SSL_CTX_use_PrivateKey": (c_int, c_void_p, c_void_p),
    "SSL_CTX_use_certificate_chain_file": (c_int, c_void_p, c_char_p),
    "SSL_ctrl": (c_long, c_void_p, c_int, c_long, c_void_p),
    "SSL_do_handshake": (c_int, c_void_p),
    "SSL_free": (None, c_void_p),
    "SSL_get0_alpn_selected": (None, c_void_p, c_void_p, c_void_p),
    "SSL_get_current_cipher": (c_void_p, c_void_p),
    "SSL_get_error": (c_int, c_void_p, c_int),
    "SSL_get_peer_cert_chain": (c_void_p, c_void_p),
    "SSL_get_version": (c_char_p, c_void_p),
    "SSL_new": (c_void_p, c_void_p),
    "SSL_read": (c_int, c_void_p, c_void_p, c_int),
    "SSL_session_reused": (c_int, c_void_p),
    "SSL_set_alpn_protos": (c_int, c_void_p, c_char_p, c_int),
    "SSL_set_bio": (None, c_void_p, c_void_p, c_void_p),
    "SSL_set_connect_state": (None, c_void_p),
    "SSL_shutdown": (c_int, c_void_p),
    "SSL_version": (c_int, c_void_p),
    "SSL_write": (c_int, c_void_p, c_char_p, c_int),
    "TLS_client_method": (c_void_p,),
    "d2i_AutoPrivateKey": (c_void_p, c_void_p, c_void_p, c_long),
    "i2d_X509": (c_int, c_void_p, c_void_p),
    "RAND_set_rand_method": (c_int, c_void_p),
}


def open_library() -> Any:
    """The library as ``ssl`` has loaded it, its functions undeclared; null if it is not to be had.

    It is not when it is linked statically into the interpreter.
    """
    import _ssl

    try:
        return ctypes.CDLL(_ssl.__file__)
    except (AttributeError, OSError):
        return None


@cache
def load() -> Any:
    """The library with the functions declared that a connection needs; null if it lacks any.

    Null too when it is no OpenSSL proper: AWS-LC keeps its random numbers to itself.
    """
    library = open_library()
    if library is None or not ssl.OPENSSL_VERSION.startswith("OpenSSL "):
        return None
    try:
        for name, (result, *arguments) in _FUNCTIONS.items():
            function = getattr(library, name)
            function.restype = result
            function.argtypes = arguments
    except AttributeError:
        return None
    return library
