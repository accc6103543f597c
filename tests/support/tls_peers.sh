#!/bin/sh
# tls_peers.sh DIR NAME:PORT...: certificates good and bad in DIR, and DIR/nginx.conf with a server for each name, on its
# port. nginx is to be started with OPENSSL_CONF=DIR/weak.cnf, or it would not load some of them itself. Needs openssl,
# faketime and nginx.
set -eu
dir=$1
shift
peers=$*
cd "$dir"

cat >weak.cnf <<-'END'
	openssl_conf = init
	[init]
	ssl_conf = ssl
	[ssl]
	system_default = default
	[default]
	CipherString = ALL:COMPLEMENTOFALL:@SECLEVEL=0
	MinProtocol = TLSv1
	END

key() { # NAME [RSA-BITS]
    if [ $# -gt 1 ]; then
        openssl genpkey -algorithm RSA -pkeyopt "rsa_keygen_bits:$2" -out "$1.key"
    else
        openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key"
    fi
}

ca() { # NAME [RSA-BITS]: a self-signed authority
    key "$@"
    openssl req -x509 -new -key "$1.key" -out "$1.pem" -days 30 -subj "/CN=$1" \
        -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
}

own() { # NAME: whose key it has, its own or that of all leaves
    [ -f "$1.key" ] && echo "$1" || echo leaf
}

signed() { # NAME CA EXTENSIONS [OPTION...]: for ten days from now
    name=$1 ca=$2 extensions=$3
    shift 3
    printf "$extensions" >"$name.ext"
    openssl req -new -key "$(own "$name").key" -subj "${subject:-/CN=$name}" -out "$name.csr"
    ${at:-} openssl x509 -req -in "$name.csr" -CA "$ca.pem" -CAkey "$ca.key" -CAcreateserial -out "$name.pem" \
        -days 10 -extfile "$name.ext" "$@"
}

leaf() { # NAME CA SAN [OPTION...]
    leaf_name=$1 leaf_ca=$2 leaf_san=$3
    shift 3
    signed "$leaf_name" "$leaf_ca" "subjectAltName=$leaf_san\nextendedKeyUsage=serverAuth\n" "$@"
}

below() { # NAME CA [CONSTRAINTS] [USAGE] [OPTION...]: an intermediate authority
    below_name=$1 below_ca=$2 constraints=${3:-CA:TRUE} usage=${4:-keyCertSign}
    if [ $# -gt 4 ]; then shift 4; else shift $#; fi
    [ -f "$below_name.key" ] || key "$below_name"
    signed "$below_name" "$below_ca" "basicConstraints=critical,$constraints\nkeyUsage=critical,$usage\n${more:-}" "$@"
}

chain() { # NAME CERTIFICATE...: what the server shows, in that order
    chain_name=$1
    shift
    for part in "$@"; do cat "$part.pem"; done >"$chain_name.chain"
}

at= more= subject= local=DNS:localhost
for name in leaf good client foreignclient; do key $name; done
ca root
ca stranger
ca weakroot 1024
ca rsaroot 2048

leaf good root $local,IP:127.0.0.1
leaf otherhost root DNS:other.example.org
leaf nameonly root $local
leaf unknown stranger $local
signed wronguse root "subjectAltName=$local\nextendedKeyUsage=clientAuth\n"
signed nouse root "subjectAltName=$local\n"
signed client root "subjectAltName=DNS:casement\nextendedKeyUsage=clientAuth\n"
signed foreignclient stranger "subjectAltName=DNS:casement\nextendedKeyUsage=clientAuth\n"
at="faketime 2020-01-01"
leaf expired root $local
at=
at="faketime 2035-01-01"
leaf future root $local
at=
openssl req -x509 -new -key leaf.key -out selfsigned.pem -days 30 -subj /CN=localhost -addext subjectAltName=$local

# names
subject=/CN=localhost
signed cnonly root "extendedKeyUsage=serverAuth\n"
subject=
subject=/CN=localhost
leaf othersan root DNS:other.example.org
subject=
leaf capitals root DNS:LocalHost
leaf wildcard root DNS:*.b.localhost
leaf partial root DNS:a*.b.localhost
leaf widest root DNS:*.localhost
leaf double root DNS:*.*.localhost
leaf addressasname root DNS:127.0.0.1
leaf mail root email:localhost
# localhost, NUL, .example.org: 22 bytes
signed nul root "2.5.29.17=DER:30:18:82:16:6c:6f:63:61:6c:68:6f:73:74:00:2e:65:78:61:6d:70:6c:65:2e:6f:72:67\n"

# chains
below middle root
leaf undermiddle middle $local
chain undermiddle undermiddle middle
chain alone undermiddle
leaf other root DNS:other.example.org
chain disorder undermiddle other middle
openssl req -new -key root.key -subj /CN=root -out cross.csr
printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n' >cross.ext
openssl x509 -req -in cross.csr -CA stranger.pem -CAkey stranger.key -CAcreateserial -out cross.pem -days 10 -extfile cross.ext
chain cross undermiddle middle cross
at="faketime 2020-01-01"
below oldmiddle root
at=
leaf underold oldmiddle $local
chain underold underold oldmiddle
leaf underleaf good $local
chain underleaf underleaf good
below nosign root CA:TRUE digitalSignature
leaf undernosign nosign $local
chain undernosign undernosign nosign
below short root CA:TRUE,pathlen:0
below belowshort short
leaf undershort belowshort $local
chain undershort undershort belowshort short
more="nameConstraints=critical,permitted;DNS:example.org\n"
below named root
more=
leaf undernamed named $local
chain undernamed undernamed named
below weakhash root CA:TRUE keyCertSign -sha1
leaf underweakhash weakhash $local
chain underweakhash underweakhash weakhash

# strength
leaf sha1 root $local -sha1
leaf md5 rsaroot $local -md5
key rsa1024 1024
leaf rsa1024 root $local
key rsa2048 2048
leaf rsa2048 root $local
leaf underweakroot weakroot $local
signed critical root "subjectAltName=$local\n1.2.3.4=critical,ASN1:UTF8String:nobody knows what this means\n"

# staples
staple() { # NAME CERTIFICATE V|R|- ISSUER SIGNER [OPTION...]: what an authority says of a certificate (-: it knows none)
    staple=$1 about=$2 word=$3 issuer=$4 signer=$5
    shift 5
    serial=$(openssl x509 -in "$about.pem" -noout -serial)
    revoked=
    [ "$word" != R ] || revoked=200101000000Z
    : >"$staple.index"
    [ "$word" = - ] || printf '%s\t491231000000Z\t%s\t%s\tunknown\t/CN=%s\n' "$word" "$revoked" \
        "${serial#serial=}" "$about" >"$staple.index"
    ${at:-} openssl ocsp -index "$staple.index" -CA "$issuer.pem" -issuer "$issuer.pem" "$@" \
        -cert "$about.pem" -rsigner "$signer.pem" -rkey "$signer.key" -respout "$staple.staple" -noverify
}

key responder
signed responder root "extendedKeyUsage=OCSPSigning\n"
staple staplegood good V root root -ndays 3
staple staplesha256 good V root root -ndays 3 -sha256
staple stapledelegate good V root responder -ndays 3
staple staplemiddle undermiddle V middle middle -ndays 3
staple stapleundated good V root root
staple staplerevoked good R root root -ndays 3
staple staplerevoked13 good R root root -ndays 3
staple staplemiddlerevoked undermiddle R middle middle -ndays 3
staple stapleunknown good - root root -ndays 3
staple stapleother otherhost V root root -ndays 3
staple staplestranger good V root stranger -ndays 3
staple stapleclient good V root client -ndays 3
at="faketime 2020-01-01"
staple stapleexpired good V root root -ndays 3
staple stapleold good V root root
at="faketime 2035-01-01"
staple staplefuture good V root root -ndays 3
at=
staple whole good V root root -ndays 3 -resp_no_certs
# the last byte, which is one of the signature's, is another
{ head -c -1 whole.staple; tail -c 1 whole.staple | tr '\000-\377' '\001-\377\000'; } >stapletorn.staple

openssl dhparam -dsaparam -out weak.dh 1024
cat root.pem weakroot.pem rsaroot.pem >roots.pem
chmod 600 ./*.key

port() { # NAME
    for peer in $peers; do
        [ "${peer%%:*}" != "$1" ] || { echo "${peer#*:}"; return; }
    done
    echo "nobody asks for $1" >&2
    exit 1
}

server() { # NAME CERTIFICATE [MORE]
    file=$dir/$2.pem
    [ ! -f "$dir/$2.chain" ] || file=$dir/$2.chain
    printf '  server { listen 127.0.0.1:%s ssl http2; ssl_certificate %s; ssl_certificate_key %s/%s.key; %s\n' \
        "$(port "$1")" "$file" "$dir" "$(own "$2")" "${3:-}"
    printf '    location /lost { return 444; }\n'
    printf '    location / { default_type application/fhir+json; return 200 "{\\"resourceType\\":\\"Bundle\\"}"; } }\n'
}

{
    printf 'daemon off; master_process off; pid %s/nginx.pid; error_log %s/error.log;\n' "$dir" "$dir"
    printf 'events { worker_connections 256; }\nhttp { access_log off; gzip on; gzip_min_length 1; gzip_types *;\n'
    printf 'ssl_ciphers HIGH;\n'
    for kind in client_body proxy fastcgi uwsgi scgi; do
        printf '  %s_temp_path %s/tmp_%s;\n' "$kind" "$dir" "$kind"
    done
    for name in good otherhost nameonly unknown wronguse nouse expired future selfsigned cnonly othersan capitals \
        wildcard partial widest double addressasname mail nul undermiddle alone disorder underold underleaf \
        undernosign undershort undernamed underweakhash sha1 md5 rsa1024 rsa2048 underweakroot critical; do
        server $name $name
    done
    server cross cross
    server tls10 good 'ssl_protocols TLSv1; ssl_ciphers ALL:@SECLEVEL=0;'
    server tls11 good 'ssl_protocols TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0;'
    server tls12 good 'ssl_protocols TLSv1.2;'
    server tls13 good 'ssl_protocols TLSv1.3;'
    server nothing good 'ssl_protocols TLSv1.2; ssl_ciphers eNULL:@SECLEVEL=0;'
    server anonymous good 'ssl_protocols TLSv1.2; ssl_ciphers aNULL:@SECLEVEL=0;'
    server weakdh rsa2048 "ssl_protocols TLSv1.2; ssl_ciphers DHE:@SECLEVEL=0; ssl_dhparam $dir/weak.dh;"
    server wantsclient good "ssl_client_certificate $dir/root.pem; ssl_verify_client on;"
    server leaving good 'keepalive_requests 1;'
    for name in staplegood stapledelegate stapleundated staplerevoked stapleunknown stapleother staplestranger \
        stapleclient stapleexpired stapleold staplefuture stapletorn; do
        server $name good "ssl_stapling on; ssl_stapling_file $dir/$name.staple;"
    done
    for name in staplemiddle staplemiddlerevoked; do
        server $name undermiddle "ssl_stapling on; ssl_stapling_file $dir/$name.staple;"
    done
    for name in staplesha256 staplerevoked13; do
        server $name good "ssl_protocols TLSv1.3; ssl_stapling on; ssl_stapling_file $dir/$name.staple;"
    done
    printf '  server { listen 127.0.0.1:%s; location / { return 200 "{}"; } }\n' "$(port plain)"
    printf '}\n'
} >nginx.conf
