#!/bin/sh
# tls_peers.sh DIR PORT...: certificates good and bad in DIR, and DIR/nginx.conf with one server a certificate, on the
# ports given, in the order of the list at the end. Needs openssl, faketime and nginx.
set -eu
dir=$1
shift
cd "$dir"

ca() { # NAME: a self-signed authority
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.pem" -days 30 \
        -subj "/CN=$1" -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
}

leaf() { # NAME CA SAN [EXTENDED-KEY-USAGE]: valid from now for 10 days
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$1"
    printf 'subjectAltName=%s\nextendedKeyUsage=%s\n' "$3" "${4:-serverAuth}" >"$1.ext"
    openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -out "$1.pem" -days 10 -extfile "$1.ext"
}

ca root
ca stranger
leaf good root DNS:localhost,IP:127.0.0.1
leaf otherhost root DNS:other.example.org
leaf nameonly root DNS:localhost
leaf unknown stranger DNS:localhost
leaf wronguse root DNS:localhost clientAuth
leaf client root DNS:casement clientAuth
leaf foreignclient stranger DNS:casement clientAuth
chmod 600 ./*.key

# issued again in another year, by authorities that are valid now
(
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout expired.key -out expired.csr -subj /CN=expired
    printf 'subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n' >expired.ext
    faketime '2020-01-01 00:00:00' openssl x509 -req -in expired.csr -CA root.pem -CAkey root.key -CAcreateserial \
        -out expired.pem -days 30 -extfile expired.ext
    cp expired.key future.key
    faketime '2035-01-01 00:00:00' openssl x509 -req -in expired.csr -CA root.pem -CAkey root.key -CAcreateserial \
        -out future.pem -days 30 -extfile expired.ext
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout selfsigned.key -out selfsigned.pem \
        -days 30 -subj /CN=localhost -addext subjectAltName=DNS:localhost
)

server() { # PORT CERTIFICATE [MORE]
    printf '  server { listen 127.0.0.1:%s ssl http2; ssl_certificate %s/%s.pem; ssl_certificate_key %s/%s.key; %s\n' \
        "$1" "$dir" "$2" "$dir" "$2" "${3:-}"
    printf '    location / { default_type application/fhir+json; return 200 "{\\"resourceType\\":\\"Bundle\\"}"; } }\n'
}

{
    printf 'daemon off; master_process off; pid %s/nginx.pid; error_log %s/error.log;\n' "$dir" "$dir"
    printf 'events { worker_connections 64; }\nhttp { access_log off; gzip on; gzip_min_length 1; gzip_types *;\n'
    for kind in client_body proxy fastcgi uwsgi scgi; do
        printf '  %s_temp_path %s/tmp_%s;\n' "$kind" "$dir" "$kind"
    done
    server "$1" good
    server "$2" otherhost
    server "$3" nameonly
    server "$4" unknown
    server "$5" wronguse
    server "$6" expired
    server "$7" future
    server "$8" selfsigned
    server "$9" good 'ssl_protocols TLSv1.1; ssl_ciphers DEFAULT@SECLEVEL=0;'
    shift 9
    server "$1" good "ssl_client_certificate $dir/root.pem; ssl_verify_client on;"
    server "$2" good 'ssl_protocols TLSv1.2;'
    printf '}\n'
} >nginx.conf
