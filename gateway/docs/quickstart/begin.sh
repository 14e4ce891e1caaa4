ADDRESS={{address}}
EMAIL=demo@zyenta.example
PASSWORD='the password that zyenta up printed'

# Log in. The access token works for some minutes; POST /sessions/refresh renews it.
TOKEN=$(curl -s $ADDRESS/api/v1/sessions -H 'content-type: application/json' \
  -d "{\"email\": \"$EMAIL\", \"password\": \"$PASSWORD\"}" | sed 's/.*"accessToken":"\([^"]*\)".*/\1/')

# GraphQL: your stores and their newest orders.
curl -s $ADDRESS/graphql -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' \
  -d '{"query": "{ stores { nodes { id name status orders(first: 3) { nodes { number status } } } } }"}'

# REST: the same stores, with all their values. The beginning of the answer is enough here.
echo
curl -s $ADDRESS/api/v1/stores -H "authorization: Bearer $TOKEN" | cut -c 1-300
