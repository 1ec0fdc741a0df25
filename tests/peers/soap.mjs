// A SOAP 1.1 service that `soap` serves: it takes an order, and gives back what it read.
//
//   node soap.mjs PORT PART
//
//   PART  the folder that install.sh put soap into

import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const [port, part] = process.argv.slice(2);
const soap = createRequire(join(resolve(part), 'node_modules', 'x.js'))('soap');

const wsdl = `<definitions name="Teahouse" targetNamespace="urn:teahouse" xmlns="http://schemas.xmlsoap.org/wsdl/"
  xmlns:tea="urn:teahouse" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xsd="http://www.w3.org/2001/XMLSchema">
  <types>
    <xsd:schema targetNamespace="urn:teahouse" elementFormDefault="qualified">
      <xsd:element name="PlaceOrder"><xsd:complexType><xsd:sequence>
        <xsd:element name="customer" type="xsd:string"/>
        <xsd:element name="note" type="xsd:string" minOccurs="0"/>
        <xsd:element name="item" type="xsd:string" maxOccurs="unbounded"/>
      </xsd:sequence></xsd:complexType></xsd:element>
      <xsd:element name="PlaceOrderResponse"><xsd:complexType><xsd:sequence>
        <xsd:element name="number" type="xsd:int"/>
        <xsd:element name="customer" type="xsd:string"/>
        <xsd:element name="note" type="xsd:string" minOccurs="0"/>
        <xsd:element name="item" type="xsd:string" maxOccurs="unbounded"/>
      </xsd:sequence></xsd:complexType></xsd:element>
    </xsd:schema>
  </types>
  <message name="PlaceOrder"><part name="parameters" element="tea:PlaceOrder"/></message>
  <message name="PlaceOrderResponse"><part name="parameters" element="tea:PlaceOrderResponse"/></message>
  <portType name="Orders"><operation name="PlaceOrder">
    <input message="tea:PlaceOrder"/><output message="tea:PlaceOrderResponse"/>
  </operation></portType>
  <binding name="Orders" type="tea:Orders">
    <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <operation name="PlaceOrder">
      <soap:operation soapAction="urn:teahouse/PlaceOrder"/>
      <input><soap:body use="literal"/></input><output><soap:body use="literal"/></output>
    </operation>
  </binding>
  <service name="Teahouse"><port name="Orders" binding="tea:Orders">
    <soap:address location="http://127.0.0.1:${port}/orders"/>
  </port></service>
</definitions>`;

const service = {
  Teahouse: {
    Orders: {
      PlaceOrder({ customer, note, item }) {
        // Some services answer 200 with a fault, as soap does unless it is told.
        const statusCode = { nobody: 200, closed: 500 }[customer];
        if (statusCode) {
          throw { Fault: { faultcode: 'soap:Client', faultstring: `no such customer: <${customer}> & co`, statusCode } };
        }
        return { number: 7, customer, note, item };
      },
    },
  },
};

const server = createServer((_, response) => response.writeHead(404).end());
soap.listen(server, '/orders', service, wsdl);
server.listen(Number(port), '127.0.0.1');
