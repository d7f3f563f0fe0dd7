"""A zone with one of everything that servers get wrong, and the names to ask it for."""

ZONE = r"""
$TTL 3600
@ IN SOA ns1 admin 7 7200 3600 1209600 300
@ NS ns1
@ NS ns2
@ NS ns.sub
@ MX 10 mail
@ MX 20 mail.other.test.
@ TXT "apex"
@ CAA 0 issue "ca.test"
@ HTTPS 1 . alpn=h2
ns1 A 127.0.0.1
ns2 A 127.0.0.1
ns2 AAAA ::1
mail A 192.0.2.10
www 60 A 192.0.2.80
www AAAA 2001:db8::80
www HTTPS 1 svc alpn=h3
svc A 192.0.2.81
_s._tcp SRV 1 1 80 www
_s._tcp SRV 1 1 80 outside.test.
nap NAPTR 1 1 "s" "SIP+D2U" "" _s._tcp
alias CNAME www
alias2 CNAME alias
ext CNAME www.other.test.
gone CNAME nothing
intowild CNAME x.wild
todn CNAME www.dn
loop CNAME pool
pool CNAME loop
down CNAME host.sub
cut CNAME sub
dn DNAME target
www.target A 192.0.2.70
dn TXT "at the dname"
self DNAME below.self2
dnout DNAME other.test.
*.wild A 192.0.2.90
*.wild TXT "w"
*.wild MX 5 mail
sub.wild A 192.0.2.92
*.cw CNAME www
*.cwx CNAME y.cwx
*.nsw.deep TXT "deep star"
a.b.c.ent A 192.0.2.91
sub NS ns.sub
sub NS ns1
ns.sub A 192.0.2.53
ns.sub AAAA 2001:db8::53
far NS ns.elsewhere.test.
signed NS ns1
signed DS 12345 13 2 0102030405060708091011121314151617181920212223242526272829303132
glueless NS ns.glueless
mxsub MX 10 host.sub
mxcut MX 10 ns.sub
mxalias MX 10 alias
upper.CASE A 192.0.2.99
"""
ZONE += f"long DNAME {'a' * 63}.{'b' * 62}.{'c' * 57}\n"
_NAMES = """
@ www WWW ns1 ns2 mail svc _s._tcp _tcp nap alias alias2 ext gone intowild todn loop pool down
cut dn a.dn www.dn x.y.dn self a.self long x.long dnout x.dnout *.wild x.wild a.b.wild sub.wild
x.sub.wild wild *.cw q.cw *.cwx q.cwx x.nsw.deep deep nsw.deep *.nsw.deep a.*.wild ent c.ent
b.c.ent a.b.c.ent x.ent sub x.sub ns.sub far a.far signed a.signed glueless ns.glueless mxsub
mxcut mxalias upper.case case nothing a.b.nothing zzz *
"""
NAMES = _NAMES.split()
