"""A zone with a record of nearly every type that dig can show."""

MANY_TYPES = r"""
$TTL 3600
@ SOA ns admin 2024010101 7200 3600 1209600 300
@ NS ns
ns A 192.0.2.1
ns AAAA 2001:db8::1
mx MX 10 mail
txt TXT "a b" "c\"d" "semi;colon" "\195\164" ""
srv SRV 0 1 443 host
naptr NAPTR 100 10 "u" "E2U+sip" "!^.*$!sip:info@example.org!" .
caa CAA 0 issue "letsencrypt.org; validationmethods=dns-01"
ds DS 12345 13 2 0102030405060708091011121314151617181920212223242526272829303132
ds NS ns
cds CDS 12345 13 2 0102030405060708091011121314151617181920212223242526272829303132
cdnskey CDNSKEY 257 3 13 (
    gyE/xDzPP/E4jn58cNVAbYHCS1sYw2lTbracNNzc8M7xlMeOApBaKDdDVN547suWpmQd/WYhZ6wfb4yULo6LYw== )
sshfp SSHFP 4 2 123456789abcdef67890123456789abcdef67890123456789abcdef123456789
tlsa TLSA 3 1 1 92003ba34942dc74152e2f2c408d29eca5a520e7f2e06bb944f4dca346baf63c
smimea SMIMEA 3 1 1 92003ba34942dc74152e2f2c408d29eca5a520e7f2e06bb944f4dca346baf63c
https HTTPS 1 . alpn=h2,h3 ipv4hint=192.0.2.1 ipv6hint=2001:db8::1 port=8443
https2 HTTPS 0 other.test.
loc LOC 51 30 12.748 N 0 7 39.611 W 0.00m 0.00m 0.00m 0.00m
hinfo HINFO "PC" "Linux"
rp RP admin txt
afsdb AFSDB 1 afs
dname DNAME elsewhere.test.
ptr PTR host.example.org.
uri URI 10 1 "https://www.example.org/"
openpgp OPENPGPKEY AQIDBAUGBwg=
cert CERT PKIX 0 0 AQIDBAUGBwgJCgsMDQ4PEA==
kx KX 10 kx
dhcid DHCID AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=
eui48 EUI48 00-00-5e-00-53-2a
eui64 EUI64 00-00-5e-ef-10-00-00-2a
csync CSYNC 66 3 A NS AAAA
zonemd ZONEMD 2024010101 1 1 (
    c68090d90a7aed716bc459f9340e3d7c1370d4d24b7e2fc3
    a1ddc0b9a87153b9a9713b3c9ae5cc27777f98b8e730044c )
apl APL 1:192.168.32.0/21 !1:192.168.38.0/28
ipseckey IPSECKEY 10 1 2 192.0.2.38 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==
nsec3param NSEC3PARAM 1 0 5 aabbccdd
unk TYPE65432 \# 4 01020304
unke TYPE65432 \# 0
hip HIP 2 200100107B1A74DF365639CC39F1D578 AwEAAbdxyhNuSutc5EMzxTs9LBPCIkOFH8cIvM4p (
    rvs1.example.com. )
spf SPF "v=spf1 -all"
nid NID 10 0014:4fff:ff20:ee64
l32 L32 10 10.1.2.0
l64 L64 10 2001:0DB8:1140:1000
lp LP 10 l64-subnet1.example.com.
px PX 10 a b
rt RT 10 rt
x25 X25 "311061700956"
isdn ISDN "150862028003217" "004"
wks2 TXT "x"
amtrelay AMTRELAY 10 0 1 203.0.113.15
gpos GPOS "-32.6882" "116.8652" "10.0"
resinfo TYPE261 \# 10 09716e616d656d696e3d
avc AVC "x:y"
longname.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa A 192.0.2.9
"""
_ECH = (
    "AEj+DQBEAQAgACAdd+scUi0IYFsXnUIU7ko2Nd9+F8M26pAGZVpz"
    "/KrWPgAEAAEAAWQVZWNoLXNpdGVzLmV4YW1wbGUubmV0AAA="
)
MANY_TYPES += f'svcb SVCB 1 svc mandatory=alpn alpn="h2" ech="{_ECH}"\n'
MANY_TYPES += f'long TXT "{"x" * 113}" "{"y" * 37}"\n'
